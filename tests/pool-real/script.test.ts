// Programs that open, call and fall off their end leave by themselves, with the right status, and leave nobody behind.
// timeout: 240 s
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { Ledger } from '../support/ledger.js'
import { adapterOf } from '../support/pit.js'
import { allGone, isAlive } from '../support/processes.js'
import { within } from '../support/within.js'

const program = fileURLToPath(new URL('script-program.ts', import.meta.url))
const adapter = adapterOf(import.meta.url, 'desk.py')

interface Expectation {
  readonly code?: number
  readonly prints?: RegExp
  readonly complains?: RegExp
  /** Whether the adapters get to clean up. */
  readonly cleansUp?: boolean
  readonly workers?: number
}

const ways: Record<string, Expectation> = {
  'opens and does nothing': {},
  'calls and does not close': {},
  'does not await its last call': { prints: /worked 5/ },
  'calls and closes': {},
  'uses `await using`': {},
  'throws within `await using`': { code: 1, complains: /out of ideas/ },
  'throws without a close': { code: 1, complains: /out of ideas/, cleansUp: false },
  'does not catch a failed call': { code: 1, complains: /ValueError: as asked/, cleansUp: false },
  'has just left a stream': {},
  'has just left a stream and closes': {},
  'has just aborted a call': {},
  'sets its own exit code': { code: 3 },
  'calls process.exit': { code: 4, cleansUp: false },
  'keeps a session open': {},
  'opens again in its last moment': { workers: 4 },
  'keeps itself alive until it closes': {},
}
for (const [way, { code = 0, prints, complains, cleansUp = true, workers = 2 }] of Object.entries(ways)) {
  test(`API-11: a program that ${way}: status ${code}, nobody left`, async () => {
    const ledger = new Ledger()
    const { child, output, errors } = start(way, ledger)
    assert.is(await exitOf(child), code, errors())
    assert.match(output(), prints ?? /pids/)
    if (complains) assert.match(errors(), complains)
    else assert.is(errors(), '')
    const pids = pidsIn(output())
    assert.is(pids.length, workers)
    await allGone(pids, 2000)
    if (cleansUp) assert.is(ledger.lines('down ').length, workers)
  })
}

test('API-11: with `keepAlive` a program stays, and a signal ends it with all that it started', async () => {
  const ledger = new Ledger()
  const { child, output } = start('keeps itself alive', ledger)
  await ledger.has('ran alive')
  const pids = pidsIn(output())
  const others = start('calls and does not close', new Ledger())
  // As long as another one needs to come and go.
  assert.is(await exitOf(others.child), 0)
  assert.is(child.exitCode, null)
  assert.ok(pids.length === 2 && pids.every(isAlive))
  child.kill('SIGTERM')
  await exitOf(child)
  await allGone(pids, 2000)
})

function start(way: string, ledger: Ledger) {
  const child = spawn(process.execPath, ['--import', 'tsx', program, adapter, way], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...ledger.env },
  })
  return { child, output: gathered(child.stdout), errors: gathered(child.stderr) }
}

function gathered(stream: NodeJS.ReadableStream): () => string {
  let text = ''
  stream.on('data', (data: Buffer) => {
    text += data.toString()
  })
  return () => text
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  try {
    await eventually(() => child.exitCode !== null || child.signalCode !== null, 'the end of the program', 20_000)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  await within(closed(child), 'the end of its output')
  return child.exitCode
}

function closed(child: ChildProcess): Promise<unknown> {
  if (child.stdout?.readableEnded && child.stderr?.readableEnded) return Promise.resolve()
  return new Promise((resolve) => child.once('close', resolve))
}

function pidsIn(output: string): number[] {
  const lines = output.split('\n').filter((line) => line.startsWith('{"pids"'))
  return lines.flatMap((line) => (JSON.parse(line) as { pids: number[] }).pids)
}

test.run()
