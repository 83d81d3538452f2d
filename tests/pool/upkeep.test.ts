// How a pool looks after its workers: what taints them, what they show of themselves, and who is left alone.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { deviceOutOfMemory } from './scripted-pool.js'
import { places, stageOf } from './upkeep-stage.js'

const outOfMemory = () => ({ type: 'error', error: deviceOutOfMemory() }) as const

test('FAULT-03: a tainted worker finishes what it runs, takes nothing new, and is replaced; that is no crash', () => {
  const stage = stageOf({ concurrency: 2 })
  const { submit, at, clock, pool } = stage
  const [taints, other] = [submit('taints'), submit('other')]
  const waits = submit('waits')
  taints.done(outOfMemory())
  assert.is(waits.fate, 'waits', 'the slot that became free is not given away')
  assert.equal(places(stage), ['w-0 draining'])
  const old = at('w-0')
  assert.is(old.askedToStop, undefined)
  other.done()
  assert.is(old.askedToStop, 'tainted')
  assert.equal(places(stage), ['w-0 resting'])
  clock.advance(100)
  at('w-0').ready()
  assert.is(waits.fate, 'w-0')
  assert.equal([pool.stats().tainted, pool.stats().restarts, pool.stats().crashes], [1, 1, {}])
})

test('FAULT-03, SESSION-02: strict sessions of a tainted worker are lost, those that hint bind anew', () => {
  const { call, submit, lost } = stageOf({ size: 2 })
  call('strict', 'strict_queue').done()
  const other = submit('other')
  const hint = call('hint')
  assert.is(hint.fate, 'w-0')
  hint.done(outOfMemory())
  assert.equal(lost, ['strict tainted, for good', 'hint tainted'])
  const refused = call('strict', 'strict_queue')
  assert.is(refused.fate, 'session_worker_unavailable')
  other.done()
  assert.match(refused.error?.message ?? '', 'its worker w-0 is not to be trusted any more')
  assert.is(call('hint').fate, 'w-1')
})

test('FAULT-03: taints do not stop a pool, however many', () => {
  const { submit, at, clock, pool } = stageOf({ restart: { maxCrashes: 2 } })
  for (let taint = 0; taint < 5; taint++) {
    submit('taints').done(outOfMemory())
    clock.advance(30_000)
    at('w-0').ready()
  }
  assert.is(pool.stats().tainted, 5)
  assert.is(submit('fine').fate, 'w-0')
})

test('FAULT-05: nothing is queued behind a Python that does not get to answer, while others are free', () => {
  const { at, submit } = stageOf({ size: 2 })
  at('w-0').sign('busy')
  assert.is(submit('a').fate, 'w-1')
  assert.is(submit('b').fate, 'w-0', 'better than to wait: it takes one call at a time')
})

test('FAULT-05: a worker of several calls gets no more of them until it answers again', () => {
  const { at, submit, pool } = stageOf({ concurrency: 4 })
  submit('a')
  at('w-0').sign('busy')
  const waits = submit('b')
  assert.is(waits.fate, 'waits')
  assert.is(pool.workers()[0]?.sign, 'busy')
  at('w-0').sign('responsive')
  assert.is(waits.fate, 'w-0')
})

test('FAULT-05: a busy worker is left alone, a hung one is replaced at once', () => {
  const stage = stageOf()
  const runs = stage.submit('works hard')
  const worker = stage.at('w-0')
  worker.sign('busy')
  stage.clock.advance(3_600_000)
  assert.is(worker.askedToStop, undefined)
  worker.sign('hung')
  stage.clock.advance(0)
  assert.is(worker.askedToStop, 'tainted')
  runs.done({ type: 'lost' })
  assert.is(stage.pool.stats().tainted, 1)
})

test('CANCEL-01: a worker whose tool will not leave is replaced at once; another one is left alone', () => {
  const { pool, at, clock, submit } = stageOf({ size: 2 })
  const stubborn = submit('stubborn')
  const worker = at('w-0')
  stubborn.lease?.giveUp()
  stubborn.lease?.giveUp()
  assert.is(worker.askedToStop, 'tainted')
  assert.is(pool.stats().tainted, 1)
  stubborn.done({ type: 'lost' })
  clock.advance(100)
  assert.is.not(at('w-0'), worker)
  at('w-0').ready()
  stubborn.lease?.giveUp()
  assert.is(at('w-0').askedToStop, undefined)
  assert.is(at('w-1').askedToStop, undefined)
})

test('CANCEL-01: beside a tool that will not leave the others finish, and then the worker goes', () => {
  const { pool, at, submit } = stageOf({ concurrency: 3 })
  const worker = at('w-0')
  const [one, two, stubborn] = [submit('one'), submit('two'), submit('stubborn')]
  stubborn.lease?.giveUp()
  assert.is(worker.askedToStop, undefined)
  one.done()
  assert.is(submit('later').fate, 'waits', 'it takes nothing new')
  assert.is(worker.askedToStop, undefined)
  assert.is(pool.stats().running, 2)
  two.done()
  assert.is(worker.askedToStop, 'tainted')
})

test('CANCEL-01: two tools that will not leave wait for nobody; one that leaves after all is no reason to wait', () => {
  const { at, submit } = stageOf({ concurrency: 3 })
  const worker = at('w-0')
  const [one, two, three] = [submit('one'), submit('two'), submit('three')]
  one.lease?.giveUp()
  two.lease?.giveUp()
  one.done({ type: 'cancelled' })
  assert.is(worker.askedToStop, undefined)
  three.lease?.giveUp()
  assert.is(worker.askedToStop, 'tainted')
})

test('CANCEL-01: beside a tool that will not leave nobody has more than `workerDrain`', () => {
  const { at, clock, submit } = stageOf({ concurrency: 2, workerDrain: 5_000 })
  const worker = at('w-0')
  submit('never ends')
  submit('stubborn').lease?.giveUp()
  clock.advance(4_999)
  assert.is(worker.askedToStop, undefined)
  clock.advance(1)
  assert.is(worker.askedToStop, 'tainted')
})

test('CANCEL-01: a worker that goes already does not wait for a tool that will not leave', () => {
  const { at, submit } = stageOf({ recycle: { maxCalls: 1 }, concurrency: 2 })
  const worker = at('w-0')
  const stubborn = submit('stubborn')
  submit('counts').done()
  at('w-1').ready()
  assert.is(worker.askedToStop, undefined)
  stubborn.lease?.giveUp()
  assert.is(worker.askedToStop, 'recycled')
})

test('guarantee:G7: closing leaves no timer of scaling, recycling or draining behind', async () => {
  const { pool, submit, at, clock } = stageOf({ size: 2, minSize: 1, recycle: { maxCalls: 1, maxAge: 1e6 } })
  submit('one').done()
  submit('runs')
  submit('runs')
  at('w-2').ready()
  const closing = pool.close({ drain: 0 })
  clock.advance(0)
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  await closing
  assert.is(clock.timers, 0)
})

test('API-09, SESSION-07: sessions are counted and shown as they are', () => {
  const { pool, call, at } = stageOf({ size: 2 })
  call('strict', 'strict_queue').done()
  call('hint').done()
  assert.equal(
    pool
      .sessions()
      .map((session) => ('worker' in session ? `${session.id} ${session.state} ${session.worker}` : session)),
    ['strict bound w-0', 'hint bound w-1'],
  )
  at('w-0').crash()
  at('w-1').crash()
  assert.equal(pool.sessions(), [
    { id: 'strict', state: 'lost', worker: 'w-0', because: 'crashed' },
    { id: 'hint', state: 'unbound' },
  ])
  pool.renewSession('strict')
  pool.endSession('hint')
  assert.equal(pool.sessions(), [{ id: 'strict', state: 'unbound' }])
  assert.is(pool.stats().sessions, 1)
})

test.run()
