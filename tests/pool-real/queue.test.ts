// The queue in front of real workers: bounded, in order, and what leaves it never reaches Python.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Snakepit, SnakepitOptions } from '../../src/index.js'
import { failsWith } from '../support/errors.js'
import { Gate } from '../support/gate.js'
import { Ledger } from '../support/ledger.js'
import { adapterOf, openOne } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'

const adapter = adapterOf(import.meta.url, 'desk.py')
const ledger = new Ledger()

test('POOL-02: the queue is bounded: one more is refused at once, calls and streams alike', async () => {
  const { pit, gate, busy } = await openBusy({ maxQueue: 3 })
  await using _ = pit
  const waiting = ['a', 'b', 'c'].map((name) => pit.execute('ran', { name: `bound-${name}` }))
  const error = await failsWith(
    pit.execute('ran', { name: 'bound-d' }),
    'pool_saturated',
    /'ran' was refused: 3 calls wait already \(`maxQueue`\)/,
  )
  assert.equal([error.category, error.mayHaveRun, error.details.maxQueue], ['pool', false, 3])
  await failsWith(first(pit.stream('ran_stream', { name: 'bound-e' })), 'pool_saturated')
  gate.open()
  await busy
  assert.equal(await Promise.all(waiting), ['bound-a', 'bound-b', 'bound-c'])
  assert.equal(ledger.lines('ran bound-'), ['ran bound-a', 'ran bound-b', 'ran bound-c'])
})

test('POOL-02: `maxQueue: 0` never lets a call wait', async () => {
  const { pit, gate, busy } = await openBusy({ maxQueue: 0 })
  await using _ = pit
  await failsWith(pit.execute('whoami'), 'pool_saturated', /0 calls wait already/)
  gate.open()
  await busy
  assert.type(await pit.execute('whoami'), 'number')
})

test('POOL-02: who waits too long is told once, and is never run', async () => {
  const { pit, gate, busy } = await openBusy({ queueTimeout: 60 })
  await using _ = pit
  const calls = [
    pit.execute('ran', { name: 'late-1' }),
    first(pit.stream('ran_stream', { name: 'late-2' })),
    pit.execute('ran', { name: 'late-3' }, { queueTimeout: 20 }),
  ]
  const patient = pit.execute('ran', { name: 'patient' }, { queueTimeout: 10_000 })
  const told = /waited \d+ ms for a worker and gave up .*it was not run/
  for (const error of await Promise.all(calls.map((call) => failsWith(call, 'queue_timeout', told)))) {
    assert.is(error.mayHaveRun, false)
  }
  gate.open()
  await busy
  assert.is(await patient, 'patient')
  await pit.execute('whoami')
  assert.equal(ledger.lines('ran late'), [])
  assert.is(pit.stats().timeouts, 3)
})

test('POOL-03: a call that is cancelled while it waits leaves the queue, and disturbs nobody', async () => {
  const { pit, gate, busy } = await openBusy({ maxQueue: 4 })
  await using _ = pit
  const controller = new AbortController()
  const before = pit.execute('ran', { name: 'keep-1' })
  const left = [
    reasonOf(pit.execute('ran', { name: 'gone-1' }, controller)),
    reasonOf(first(pit.stream('ran_stream', { name: 'gone-2' }, controller))),
  ]
  const after = pit.execute('ran', { name: 'keep-2' })
  assert.is(pit.stats().queued, 4)
  controller.abort('never mind')
  assert.is(pit.stats().queued, 2)
  assert.equal(await Promise.all(left), ['never mind', 'never mind'])
  const instead = [pit.execute('ran', { name: 'keep-3' }), pit.execute('ran', { name: 'keep-4' })]
  gate.open()
  await Promise.all([busy, before, after, ...instead])
  assert.equal(ledger.lines('ran keep-'), ['ran keep-1', 'ran keep-2', 'ran keep-3', 'ran keep-4'])
  assert.equal(ledger.lines('ran gone-'), [])
  assert.is(pit.stats().cancelled, 2)
})

test('POOL-03: a stream that is left while it waits never reaches Python', async () => {
  const { pit, gate, busy } = await openBusy({})
  await using _ = pit
  pit.stream('ran_stream', { name: 'unsubscribed' }).subscribe().unsubscribe()
  const iterator = pit.stream('ran_stream', { name: 'returned' })[Symbol.asyncIterator]()
  const next = iterator.next()
  await iterator.return?.()
  assert.equal(await next, { done: true, value: undefined })
  gate.open()
  await busy
  await pit.execute('whoami')
  assert.equal([...ledger.lines('ran unsubscribed'), ...ledger.lines('ran returned')], [])
})

test('POOL-07: streams wait their turn among the calls', async () => {
  const { pit, gate, busy } = await openBusy({})
  await using _ = pit
  const all = Promise.all([
    pit.execute('ran', { name: 'turn-1' }),
    drain(pit, 'turn-2'),
    pit.execute('ran', { name: 'turn-3' }),
    drain(pit, 'turn-4'),
  ])
  gate.open()
  await Promise.all([busy, all])
  assert.equal(ledger.lines('ran turn-'), ['ran turn-1', 'ran turn-2', 'ran turn-3', 'ran turn-4'])
})

test('POOL-02: a queue of ten thousand is served in order, with none lost', async () => {
  const { pit, gate, busy } = await openBusy({ maxQueue: 10_000, queueTimeout: 60_000 })
  await using _ = pit
  const order: number[] = []
  const all = Array.from({ length: 10_000 }, (_, index) => pit.execute('whoami').then(() => order.push(index)))
  assert.is(pit.stats().queued, 10_000)
  gate.open()
  await Promise.all([busy, ...all])
  assert.ok(order.every((number, index) => number === index))
})

/** A worker that is busy until the gate opens. */
async function openBusy(options: Partial<SnakepitOptions>) {
  const pit = await openOne(adapter, { env: ledger.env, ...options })
  const gate = new Gate()
  const busy = pit.execute('hold', { gate: gate.path })
  await gate.entered()
  return { pit, gate, busy }
}

function first(stream: ReturnType<Snakepit['stream']>): Promise<unknown> {
  return stream[Symbol.asyncIterator]().next()
}

async function drain(pit: Snakepit, name: string): Promise<void> {
  for await (const _ of pit.stream('ran_stream', { name }));
}

test.run()
