// close() ends within drain and three seconds, whatever the worker does and whatever it is at, and leaves nothing.
// timeout: 180 s
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Snakepit } from '../../src/index.js'
import { isCoded } from '../support/errors.js'
import { nothingEscaped } from '../support/escaped.js'
import { eventually } from '../support/eventually.js'
import { allGone, descendantsOf, startedSince } from '../support/processes.js'
import { reasonOf } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary.js'
import { within } from '../support/within.js'
import { openMisbehaving, StartCount } from './kit/misbehaving-worker.js'

/** Longer than any of them is left alone. */
const startTimeout = 60_000

/** Workers that become ready, and the milliseconds that they may take to be ended. */
const ready: Record<string, number> = {
  well: 3000,
  setsid: 3000,
  setpgid: 3000,
  ignores_sigterm: 3000,
  pdeathsig_0: 3000,
  forks_at_start: 3000,
  without_guardian: 3000,
  floods_stdout: 3000,
  // Deaf to everything but SIGKILL: the whole ladder is climbed.
  deaf: 3000,
}

/** Workers that never become ready. */
const booting: Record<string, number> = {
  silent: 3000,
  holds_the_gil: 3000,
  closes_the_pipe: 3000,
  never_accepts: 3000,
  no_settings: 3000,
  slow_loris: 3000,
  leaves_on_sigterm: 3000,
  ignores_everything: 3000,
}

process.env.TMPDIR = temporaryFolder()
const before = descendantsOf(process.pid)
test.after.each(async () => {
  await nothingEscaped()
  await allGone(startedSince(before), 0)
  assert.equal(readdirSync(tmpdir()), [])
})

/** What a worker is at when its pool is closed. */
const states: Record<string, (pit: Snakepit) => Promise<() => Promise<void>>> = {
  async idle() {
    return async () => undefined
  },
  async busy(pit) {
    const call = reasonOf(pit.execute('waits'))
    await eventually(() => pit.stats().running === 1, 'a running call')
    return async () => isCoded(await call, 'worker_stopping')
  },
  async streaming(pit) {
    const ticks = pit.stream('ticks')[Symbol.asyncIterator]()
    await ticks.next()
    return async () => {
      const read = async () => {
        while ((await ticks.next()).done !== true);
      }
      isCoded(await reasonOf(read()), 'worker_stopping')
    }
  },
  async closing(pit) {
    const call = reasonOf(pit.execute('waits'))
    await eventually(() => pit.stats().running === 1, 'a running call')
    const closing = pit.close({ drain: 60_000 })
    return async () => {
      await within(closing, 'the first close')
      isCoded(await call, 'worker_stopping')
    }
  },
}

for (const [mode, limit] of Object.entries(ready)) {
  test(`guarantee:G7, CLEAN-02, API-01: ${mode}: closed when ${Object.keys(states).join(', ')}`, async () => {
    const entered = await Promise.all(
      Object.entries(states).map(async ([state, enter]) => {
        const pit = await openMisbehaving(mode, { startTimeout })
        return { name: `${mode}, ${state}`, pit, check: await enter(pit) }
      }),
    )
    await Promise.all(
      entered.map(async ({ name, pit, check }) => {
        await closesWithin(pit, limit, name)
        await check()
      }),
    )
  })
}

test('guarantee:G7, CLEAN-02, API-01: closed while a worker boots, and will for ever', async () => {
  const opened = await Promise.all(
    Object.entries(booting).map(async ([mode, limit]) => {
      const starts = new StartCount()
      const pit = await openMisbehaving(
        mode,
        { size: 2, startBatch: 1, startTimeout, env: { MISBEHAVE_AFTER: '1' } },
        starts,
      )
      await eventually(() => starts.count === 2, `the second process (${mode})`)
      return { name: `${mode}, booting`, pit, limit }
    }),
  )
  await Promise.all(opened.map(({ name, pit, limit }) => closesWithin(pit, limit, name)))
})

/** Closes without a drain, three times at once. */
async function closesWithin(pit: Snakepit, ms: number, name: string): Promise<void> {
  const began = performance.now()
  await within(Promise.all([pit.close({ drain: 0 }), pit.close({ drain: 0 }), pit.close()]), name)
  const took = performance.now() - began
  assert.ok(took < ms, `${name}: ${took} ms`)
}

test.run()
