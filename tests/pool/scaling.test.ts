// Scaling: a pool grows with the calls that wait and shrinks with the workers that are to spare.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { scriptedPool } from './scripted-pool.js'
import { places, stageOf } from './upkeep-stage.js'

test('POOL-05: a pool grows with the calls that wait, to its bound, and not for calls that more workers cannot help', () => {
  const stage = stageOf({ minSize: 1, maxSize: 3 })
  const { submit, call, at, pool } = stage
  call('strict', 'strict_queue')
  call('strict', 'strict_queue')
  assert.equal(places(stage), ['w-0 ready'])
  for (let n = 0; n < 5; n++) submit('call')
  assert.equal(places(stage), ['w-0 ready', 'w-1 starting', 'w-2 starting'])
  at('w-1').ready()
  assert.is(pool.stats().scaledUp, 2)
})

test('POOL-05: it does not grow beyond its bound when many calls may go anywhere at once', () => {
  const { call, pool } = stageOf({ minSize: 1, maxSize: 3 })
  const first = call('s', 'strict_queue')
  call('s', 'strict_queue')
  for (let n = 0; n < 5; n++) call('s', 'hint')
  assert.is(pool.stats().scaledUp, 0, 'they wait behind a call that can run nowhere else')
  first.done()
  assert.equal([pool.workers().length, pool.stats().scaledUp], [3, 2])
})

test('POOL-05: workers that were idle for long go one after another, down to the bound', () => {
  const stage = stageOf({ size: 3, minSize: 1, workerIdleTimeout: 1000 })
  const { submit, clock, pool } = stage
  const keeps = submit('keeps')
  clock.advance(999)
  assert.is(pool.stats().scaledDown, 0)
  clock.advance(1)
  assert.equal(places(stage), ['w-0 ready'])
  keeps.done()
  clock.advance(100_000)
  assert.equal([places(stage), pool.stats().scaledDown], [['w-0 ready'], 2])
})

test('POOL-05: a pool that was full, with calls waiting, shrinks again when it has become quiet', () => {
  const { submit, at, clock, pool } = stageOf({ minSize: 1, maxSize: 2, workerIdleTimeout: 1000 })
  const calls = [submit('a'), submit('b'), submit('c'), submit('d')]
  at('w-1').ready()
  clock.advance(500)
  for (const call of calls) call.done()
  clock.advance(2000)
  assert.is(pool.workers().length, 1)
})

test('POOL-05: a little work that goes round keeps nobody from being let go', () => {
  const stage = stageOf({ size: 3, minSize: 1, workerIdleTimeout: 1000 })
  for (let n = 0; n < 40; n++) {
    stage.submit('tick').done()
    stage.clock.advance(100)
  }
  assert.is(stage.pool.workers().length, 1)
})

test('POOL-05, SESSION-02: the home of a strict session is never let go', () => {
  const stage = stageOf({ size: 2, minSize: 1, workerIdleTimeout: 1000 })
  const { call, clock, pool, lost } = stage
  call('a', 'strict_queue').done()
  call('b', 'strict_queue').done()
  clock.advance(10_000)
  assert.is(pool.workers().length, 2)
  pool.endSession('a')
  clock.advance(1000)
  assert.equal([places(stage), lost], [['w-1 ready'], []])
})

test('API-09: the state tells the size that a pool means to have', () => {
  const { pool, submit, at, clock } = scriptedPool({ minSize: 1, maxSize: 2, workerIdleTimeout: 1000 })
  const states: string[] = []
  pool.state$.subscribe((state) => states.push('ready' in state ? `${state.ready} of ${state.size}` : state.type))
  pool.start().catch(() => {})
  at('w-0').ready()
  const calls = [submit('a'), submit('b')]
  at('w-1').ready()
  for (const call of calls) call.done()
  clock.advance(1000)
  assert.equal(states, ['0 of 1', '1 of 1', '1 of 2', '2 of 2', '1 of 1'])
})

test.run()
