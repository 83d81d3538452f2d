// Recycling: a worker that has served long enough goes when another one is ready.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { places, stageOf } from './upkeep-stage.js'

test('FAULT-06: a worker is recycled after its calls, and its replacement is ready before it goes', () => {
  const stage = stageOf({ recycle: { maxCalls: 2 } })
  const { submit, at, pool } = stage
  submit('one').done()
  submit('two').done()
  assert.equal(places(stage), ['w-0 ready', 'w-1 starting'])
  const during = submit('during')
  assert.is(during.fate, 'w-0', 'it goes on until then')
  const waits = submit('waits')
  const old = at('w-0')
  at('w-1').ready()
  assert.equal(places(stage), ['w-0 draining', 'w-1 ready'])
  assert.is(waits.fate, 'w-1')
  assert.is(old.askedToStop, undefined)
  during.done()
  assert.is(old.askedToStop, 'recycled')
  assert.equal(places(stage), ['w-1 ready'])
  assert.equal([pool.stats().recycled, pool.stats().restarts, pool.stats().crashes], [1, 0, {}])
})

test('FAULT-06: names are used again, so that they stay few', () => {
  const stage = stageOf({ recycle: { maxCalls: 1 } })
  for (let turn = 0; turn < 7; turn++) {
    stage.submit('call').done()
    stage.spawned.at(-1)?.ready()
  }
  assert.is(stage.pool.stats().recycled, 7)
  assert.equal([...new Set(stage.spawned.map(({ id }) => id))], ['w-0', 'w-1'])
})

test('FAULT-06: age is noticed without calls, and workers are recycled one at a time', () => {
  const stage = stageOf({ size: 2, recycle: { maxAge: 1000 } })
  const { clock, at } = stage
  clock.advance(999)
  assert.equal(places(stage), ['w-0 ready', 'w-1 ready'])
  clock.advance(1)
  assert.equal(places(stage), ['w-0 ready', 'w-1 ready', 'w-2 starting'])
  at('w-2').ready()
  assert.equal(places(stage), ['w-1 ready', 'w-2 ready', 'w-0 starting'])
})

test('FAULT-06: memory is looked at when a call is done, once a second at most', () => {
  const stage = stageOf({ recycle: { maxMemory: 1000 } })
  const { submit, at, memory, clock } = stage
  submit('small').done()
  memory.set(at('w-0').handle, 1001)
  submit('large').done()
  assert.equal(places(stage), ['w-0 ready'])
  clock.advance(1000)
  submit('later').done()
  assert.equal(places(stage), ['w-0 ready', 'w-1 starting'])
})

test('FAULT-06, SESSION-02: who is home to strict sessions goes last, and they are lost with the reason', () => {
  const stage = stageOf({ size: 2, recycle: { maxAge: 1000 } })
  const { call, clock, at, lost } = stage
  call('strict', 'strict_queue').done()
  clock.advance(1000)
  at('w-2').ready()
  assert.equal(places(stage), ['w-0 ready', 'w-2 ready', 'w-1 starting'])
  assert.equal(lost, [])
  at('w-1').ready()
  assert.equal(lost, ['strict recycled, for good'])
  assert.match(call('strict', 'strict_queue').error?.message ?? '', 'its worker w-0 was recycled')
})

test('FAULT-06: when no replacement starts, the old worker stays, and another try comes later', () => {
  const stage = stageOf({ recycle: { maxCalls: 1 }, restart: { maxStartFailures: 0 } })
  const { submit, at, clock } = stage
  submit('call').done()
  at('w-1').failStart()
  assert.equal(places(stage), ['w-0 ready'])
  submit('call').done()
  assert.equal(places(stage), ['w-0 ready'])
  clock.advance(30_000)
  assert.equal(places(stage), ['w-0 ready', 'w-1 starting'])
})

test('FAULT-06, POOL-08: when the old worker crashes first, its relief takes its place', () => {
  const stage = stageOf({ recycle: { maxCalls: 1 } })
  const { submit, at, pool } = stage
  submit('call').done()
  at('w-0').crash()
  assert.equal(places(stage), ['w-1 starting'])
  at('w-1').ready()
  assert.equal([places(stage), pool.stats().recycled], [['w-1 ready'], 0])
})

test('FAULT-06, POOL-05: one that goes by itself before its relief is ready leaves the pool no larger', () => {
  const stage = stageOf({ recycle: { maxCalls: 1 }, restart: { maxStartFailures: 0 } })
  const { submit, at } = stage
  submit('call').done()
  const old = at('w-0')
  old.leaving()
  at('w-1').ready()
  submit('call').done()
  assert.equal(places(stage), ['w-0 stopping', 'w-1 ready'], 'a relief is not relieved in its turn')
  old.crash()
  assert.equal(places(stage), ['w-1 ready', 'w-0 starting'])
})

test('FAULT-06, guarantee:G7: a worker that is ordered to go and does not finish is stopped in the end', () => {
  const { submit, at, clock } = stageOf({ workerDrain: 5000, recycle: { maxCalls: 1 } })
  submit('call').done()
  submit('hangs')
  const old = at('w-0')
  at('w-1').ready()
  clock.advance(4999)
  assert.is(old.askedToStop, undefined)
  clock.advance(1)
  assert.is(old.askedToStop, 'recycled')
})

test.run()
