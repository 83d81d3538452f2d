// Tools that are not left, and adapters that come and go badly: their worker is replaced where it has to be, other calls
// go on, and closing always ends with nothing left.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Snakepit } from '../../src/index.js'
import { failsWith, raises } from '../support/errors.js'
import { nothingEscaped } from '../support/escaped.js'
import { Ledger } from '../support/ledger.js'
import { adapterOf, nextLog, openOne } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { within } from '../support/within.js'
import { closes, countTo, nobodyLeft, sparesTheWorker, strangers } from './harmless.js'

const adapter = adapterOf(import.meta.url, 'misbehaves.py')
const odd = adapterOf(import.meta.url, 'odd_adapters.py')
const cancelGrace = 400
const undeterred = { cancelGrace, barrier: false, restart: { backoff: 0, jitter: 0, maxCrashes: 1000 } } as const
const pit = await openOne(adapter, undeterred)
test.after(async () => {
  await pit.close()
  await nobodyLeft()
})
test.after.each(nothingEscaped)

// Time.

test('FAULT-05, guarantee:G21: the GIL held for three seconds in C: the call is answered, nobody is killed', async () => {
  await sparesTheWorker(pit, async () => {
    const holding = nextLog(pit, 'holding')
    const call = pit.execute('holds_the_gil', { seconds: 3 })
    await holding
    const behind = pit.execute('whoami')
    const late = failsWith(pit.execute('whoami', {}, { timeout: 200 }), 'timeout')
    await late
    assert.is(await within(call, 'the GIL'), 'held')
    assert.is(typeof (await behind), 'number')
  })
})

const leftBehind: [string, object, string, 'stays' | 'is replaced'][] = [
  ['spins', {}, 'spinning', 'stays'],
  ['deadlocks', {}, 'locking', 'stays'],
  ['catastrophic_regex', {}, 'matching', 'is replaced'],
  ['blocks_the_loop', { seconds: 600 }, 'blocking', 'is replaced'],
  ['hides_its_cancellation', {}, 'hiding', 'is replaced'],
]
for (const [tool, args, word, fate] of leftBehind) {
  test(`CANCEL-01, guarantee:G15: cancelled while it ${tool}: the caller leaves at once, the worker ${fate}`, async () => {
    const before = await pit.execute<number>('whoami')
    const { tainted } = pit.stats()
    const controller = new AbortController()
    const busy = nextLog(pit, word)
    const call = reasonOf(pit.execute(tool, { ...args }, controller))
    await busy
    const aborted = performance.now()
    controller.abort('enough')
    assert.is(await call, 'enough')
    assert.ok(performance.now() - aborted < 200, 'the caller waited')
    const after = await within(pit.execute<number>('whoami'), 'a worker')
    assert.is(after === before, fate === 'stays')
    assert.is(pit.stats().tainted - tainted, fate === 'stays' ? 0 : 1)
  })
}

test('CANCEL-04, CANCEL-01: a tool that keeps the GIL to itself for good: the timeout ends the call, the worker is replaced', async () => {
  const before = await pit.execute<number>('whoami')
  await pit.execute('vandalises', { how: 'sys.setswitchinterval(100)' })
  await failsWith(pit.execute('spins', {}, { timeout: 300 }), 'timeout')
  assert.is.not(await within(pit.execute<number>('whoami'), 'another worker'), before)
})

test('FAULT-05: a tool that blocks the event loop holds up those beside it, and they come through', async () => {
  await using wide = await openOne(adapter, { ...undeterred, concurrency: 4 })
  await sparesTheWorker(wide, async () => {
    const calls = ['blocks_the_loop', 'rests', 'blocks_the_loop'].map((tool) => wide.execute(tool, { seconds: 0.3 }))
    assert.equal(await Promise.all(calls), ['blocked', 'rested', 'blocked'])
  })
})

test('PY-04: asyncio.run in a tool, and in an async one', async () => {
  await sparesTheWorker(pit, async () => {
    assert.is(await pit.execute('runs_a_loop'), 'looped')
    await raises(pit.execute('nests_a_loop'), 'RuntimeError')
    assert.is(await pit.execute('rests', { seconds: 0 }), 'rested')
  })
})

test('PROC-03: a tool that stops the event loop stops nothing: it ends, and async tools run on', async () => {
  assert.is(await within(pit.execute('stops_the_loop'), 'its end'), null)
  assert.is(await within(pit.execute('rests', { seconds: 0 }), 'an async tool'), 'rested')
})

// What belongs to a call that is over.

test('PY-07, CANCEL-05: the context of a call that is over is harmless: nothing of it reaches another call', async () => {
  await sparesTheWorker(pit, async () => {
    await pit.execute('keeps_its_context')
    const told: unknown[] = []
    const uses = await pit.execute<Record<string, string>>(
      'uses_what_it_kept',
      {},
      { onProgress: (progress) => told.push(progress) },
    )
    assert.is(uses.cancelled, 'False')
    assert.is(uses.worker_id, "'default-0'")
    assert.equal(told, [])
    assert.is(await countTo(pit, 10), 10)
  })
})

// Coming and going.

test('API-01: an initialize() that takes longer than startTimeout: named at once, nothing left', async () => {
  for (const name of ['Slow', 'SlowAsync']) {
    const opening = Snakepit.open({ adapter: `${odd}:${name}`, size: 1, startTimeout: 500, env: new Ledger().env })
    await failsWith(opening, 'worker_start_failed', /said nothing for 500 ms.*`startTimeout`/)
  }
  assert.is(strangers().length, 2, 'only the shared worker and its guardian')
})

test('PY-03, API-01: a slow initialize() is waited for, by every worker once', async () => {
  const ledger = new Ledger()
  await using slow = await Snakepit.open({ adapter: `${odd}:SlowAsync`, size: 2, env: ledger.env })
  await slow.ready()
  assert.is(ledger.lines('initialized').length, 2)
})

test('API-01: an initialize() that raises on the event loop, or wants to leave', async () => {
  const at = (name: string) => openOne(`${odd}:${name}`, { env: new Ledger().env })
  const raised = await failsWith(at('RaisesAsync'), 'worker_start_failed', /initialize.*RuntimeError: weights/)
  assert.is(raised.details.stage, 'initialize')
  const left = await failsWith(at('ExitsInitialize'), 'worker_start_failed', /initialize.*SystemExit/)
  assert.is(left.details.stage, 'initialize')
})

for (const name of ['CleanupRaises', 'CleanupExits', 'CleanupHangs', 'CleanupAsync', 'CleanupAsyncHangs']) {
  test(`CLEAN-02, guarantee:G7: an adapter of the kind ${name} is closed in time, once`, async () => {
    const ledger = new Ledger()
    const own = await openOne(`${odd}:${name}`, { env: ledger.env })
    assert.is(typeof (await own.execute('whoami')), 'number')
    await closes(own)
    assert.equal(ledger.lines('cleanup'), ['cleanup'])
  })
}

test.run()
