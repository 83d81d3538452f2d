// A worker that works hard is left alone, one that is suspended is found, and a host that slept blames nobody.
// They mostly wait, so all of them wait at the same time.
// timeout: 180 s
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Liveliness, type Snakepit, SnakepitError } from '../../src/index.js'
import { eventually } from '../support/eventually.js'
import { adapterOf, openOne, pidOf } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { within } from '../support/within.js'

const adapter = adapterOf(import.meta.url, 'lively.py')
/** Milliseconds: SIGSTOP is found within these. */
const found = 11_000
/** LIFE=full holds the GIL and suspends the host for as long as the guarantees say. */
const full = process.env.LIFE === 'full'
const hard = full ? 60_000 : 12_000

scenario('FAULT-05, guarantee:G21: Python that holds the interpreter lock is busy, and never replaced', async () => {
  const pit = await openOne(adapter, { timeout: hard + 20_000 })
  try {
    const before = pidOf(pit)
    const call = pit.execute<number>('works_hard', { ms: hard })
    await becomes(pit, 'busy', 8_000)
    assert.is(await call, before)
    await becomes(pit, 'responsive', 5_000)
    assert.is(pidOf(pit), before)
    assert.is(pit.stats().tainted, 0)
  } finally {
    await pit.close()
  }
})

for (const running of [false, true]) {
  const when = running ? 'in the middle of a call' : 'at rest'
  scenario(`FAULT-05, guarantee:G22: a worker that is suspended ${when} is found, and replaced`, async () => {
    const pit = await openOne(adapter, { restart: { backoff: 0 } })
    try {
      const before = pidOf(pit)
      const stopped = performance.now()
      const call = running ? reasonOf(pit.execute('stops_itself')) : undefined
      if (!running) process.kill(before, 'SIGSTOP')
      await becomes(pit, 'hung', found)
      assert.ok(performance.now() - stopped < found, `found after ${performance.now() - stopped} ms`)
      const error = await call
      if (running) {
        assert.ok(error instanceof SnakepitError && error.code === 'worker_unresponsive', String(error))
        assert.ok(error.mayHaveRun)
        assert.match(error.message, /gave no sign of life \(`heartbeat`\)/)
      }
      assert.is.not(await pit.execute('pid'), before)
      assert.is(pit.stats().tainted, 1)
      assert.equal(pit.stats().crashes, {})
    } finally {
      await pit.close()
    }
  })
}

scenario('FAULT-05: `heartbeat: false` leaves a suspended worker alone', async () => {
  const pit = await openOne(adapter, { heartbeat: false })
  try {
    const before = pidOf(pit)
    process.kill(before, 'SIGSTOP')
    await pause(full ? 60_000 : 12_000)
    assert.is(pit.workers()[0]?.sign, 'responsive')
    process.kill(before, 'SIGCONT')
    assert.is(await pit.execute('pid'), before)
  } finally {
    await pit.close()
  }
})

scenario('FAULT-05, guarantee:G21: a host whose event loop is blocked kills nobody and drops nothing', async () => {
  const host = await startHost(full ? 15_000 : 9_000)
  unharmed(await host.report)
})

scenario('FAULT-05, guarantee:G21: a host that is suspended kills nobody and drops nothing', async () => {
  const host = await startHost(0)
  host.signal('SIGSTOP')
  await pause(full ? 60_000 : 9_000)
  host.signal('SIGCONT')
  unharmed(await host.report)
})

interface Report {
  readonly pids: number[]
  readonly after: number[]
  readonly worker: number
  readonly numbers: number
  readonly hung: boolean
  readonly lost: number
}

function unharmed({ pids, after, worker, numbers, hung, lost }: Report): void {
  assert.equal(after, pids)
  assert.ok(pids.includes(worker))
  assert.is(numbers, 300)
  assert.not.ok(hung)
  assert.is(lost, 0)
}

async function startHost(block: number) {
  const program = fileURLToPath(new URL('sleepy-host.ts', import.meta.url))
  const host = spawn(process.execPath, ['--import', 'tsx', program, adapter, `${block}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  createInterface(host.stdout).on('line', (line) => lines.push(line))
  const ended = new Promise<void>((resolve) => {
    host.once('close', () => resolve())
  })
  await eventually(() => lines.length > 0, 'the host to be up', 30_000)
  const report = within(ended, 'the end of the host', 120_000).then(() => JSON.parse(lines[1] ?? '{}') as Report)
  return { report, signal: (signal: NodeJS.Signals) => host.kill(signal) }
}

function becomes(pit: Snakepit, sign: Liveliness, ms: number): Promise<void> {
  return eventually(() => pit.workers()[0]?.sign === sign, `the worker to be ${sign}`, ms)
}

/** Begins at once, and is a test of its own that waits for the end. */
function scenario(name: string, run: () => Promise<void>): void {
  const ended = run().then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  test(name, async () => {
    const failure = await ended
    if (failure !== undefined) throw failure.error
  })
}

test.run()
