// The pool as a whole: start, loss, restart, close, and its numbers.
import { NEVER } from 'rxjs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SnakepitError } from '../../src/errors/snakepit-error.js'
import { Pool } from '../../src/pool/pool.js'
import { resolvePoolOptions } from '../../src/pool/pool-settings.js'
import { ProbeRequest, scriptedPool, ticket } from './scripted-pool.js'

/** How a promise has ended after everything due now has run. */
async function endOf(promise: Promise<unknown>): Promise<string> {
  let end = 'open'
  promise.then(
    (value) => (end = `resolved ${value ?? ''}`.trim()),
    (error: SnakepitError) => (end = `rejected ${error.code}`),
  )
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  return end
}

test('API-10: ready with the first worker, allReady with the last', async () => {
  const { pool, at } = scriptedPool({ size: 2 })
  const ready = pool.start()
  const all = pool.allReady()
  assert.is(await endOf(ready), 'open')
  at('w-0').ready()
  assert.is(await endOf(ready), 'resolved')
  assert.is(await endOf(all), 'open')
  at('w-1').ready()
  assert.is(await endOf(all), 'resolved')
})

test('POOL-05: workers start in batches', () => {
  const { pool, spawned, at } = scriptedPool({ size: 6, startBatch: 2 })
  pool.start().catch(() => {})
  assert.is(spawned.length, 2)
  at('w-1').ready()
  assert.equal(
    spawned.map((worker) => worker.id),
    ['w-0', 'w-1', 'w-2'],
  )
})

test('API-01, POOL-08: when no worker can start, ready rejects at once with the cause, and nothing loops', async () => {
  const { pool, at, clock, spawned } = scriptedPool({ size: 1 })
  const ready = pool.start()
  const early = pool.ready()
  at('w-0').failStart('No module named numpy')
  assert.is(await endOf(ready), 'rejected worker_start_failed')
  assert.is(await endOf(early), 'rejected worker_start_failed')
  clock.advance(100_000)
  assert.is(spawned.length, 1)
})

test('POOL-08: after a first failure no further batch starts, and the others decide', async () => {
  const { pool, at, spawned } = scriptedPool({ size: 6, startBatch: 3 })
  const ready = pool.start()
  at('w-1').failStart()
  at('w-0').failStart()
  assert.is(spawned.length, 3)
  assert.is(await endOf(ready), 'open')
  at('w-2').failStart()
  assert.is(await endOf(ready), 'rejected worker_start_failed')
  assert.is(pool.stats().workers.stopped, 3)
})

test('POOL-08: when others are ready, a failed start is tried again with backoff, three times', async () => {
  const { pool, at, clock, spawned } = scriptedPool({ size: 2 })
  const ready = pool.start()
  const all = pool.allReady()
  at('w-1').failStart()
  at('w-0').ready()
  assert.is(await endOf(ready), 'resolved')
  for (const delay of [100, 200, 400]) {
    clock.advance(delay - 1)
    assert.not(at('w-1'))
    clock.advance(1)
    at('w-1').failStart()
  }
  assert.is(spawned.length, 5)
  clock.advance(1_000_000)
  assert.is(spawned.length, 5)
  assert.is(pool.stats().workers['given-up'], 1)
  assert.is(await endOf(all), 'rejected worker_start_failed')
})

test('POOL-08: a lost worker is replaced after a rest, and its calls are not run again', () => {
  const { pool, at, clock, submit, up } = scriptedPool()
  up()
  const lost = submit('a')
  const waiting = submit('b')
  at('w-0').crash()
  lost.done({ type: 'lost' })
  assert.is(waiting.fate, 'waits')
  clock.advance(99)
  assert.is(pool.stats().workers.resting, 1)
  clock.advance(1)
  at('w-0').ready()
  assert.is(waiting.fate, 'w-0')
  assert.is.not(waiting.lease?.worker.info.incarnation, lost.lease?.worker.info.incarnation)
  assert.is(pool.stats().restarts, 1)
})

test('POOL-08, guarantee:G4: five crashes in 60 s stop the pool with the reason; queue and newcomers hear it', async () => {
  const { pool, at, clock, submit, up, spawned } = scriptedPool({ barrier: false })
  up()
  let waiting: ProbeRequest | undefined
  for (let crash = 1; crash <= 5; crash++) {
    submit('runs').onGranted = undefined
    waiting = submit('waits', { queueTimeout: Infinity })
    at('w-0').crash(`segmentation fault ${crash}`)
    clock.advance(2000)
    if (crash < 5) at('w-0').ready()
  }
  assert.is(spawned.length, 5)
  assert.is(waiting?.fate, 'pool_failed')
  assert.match(
    waiting?.error?.message ?? '',
    '5 crashes of its workers within 60000 ms; the last: segmentation fault 5',
  )
  assert.is(submit('late').fate, 'pool_failed')
  assert.is(await endOf(pool.ready()), 'rejected pool_failed')
})

test('POOL-08, FAULT-03: crashes that calls were there for stop no pool: the barrier keeps those calls out', () => {
  const { pool, at, clock, submit, up } = scriptedPool()
  up()
  for (let crash = 1; crash <= 6; crash++) {
    submit(`tool-${crash}`)
    at('w-0').crash('segmentation fault')
    clock.advance(4_000)
    at('w-0').ready()
  }
  assert.is(pool.stats().workers.ready, 1)
  assert.is(submit('good').fate, 'w-0')
})

test('POOL-08: a worker whose Observable ends without a word is lost too', () => {
  const { pool, at, clock, up, spawned } = scriptedPool()
  up()
  at('w-0').subscriber.complete()
  assert.is(pool.stats().workers.resting, 1)
  clock.advance(100)
  assert.is(spawned.length, 2)
  spawned[1]?.subscriber.error(new Error('spawn EAGAIN'))
  assert.is(pool.stats().workers.resting, 1)
})

test('API-09: the state is replayed and told only when it changes', async () => {
  const { pool, at, clock } = scriptedPool({ size: 2 })
  const states: string[] = []
  pool.state$.subscribe((state) => states.push('ready' in state ? `${state.type} ${state.ready}` : state.type))
  pool.start().catch(() => {})
  at('w-0').ready()
  at('w-1').ready()
  at('w-1').crash()
  const closing = pool.close()
  clock.advance(0)
  await closing
  assert.equal(states, ['starting 0', 'running 1', 'running 2', 'running 1', 'closing', 'closed'])
  const late: string[] = []
  pool.state$.subscribe((state) => late.push(state.type))
  assert.equal(late, ['closed'])
})

test('API-09: the counts are true', () => {
  const { pool, at, clock, submit, up } = scriptedPool({ maxQueue: 2 })
  up()
  submit('ok').done()
  submit('fails').done({ type: 'error', error: new Error('no') })
  submit('late').done({ type: 'error', error: new SnakepitError('timeout', 'late') })
  submit('aborted').done({ type: 'cancelled' })
  const runs = submit('runs')
  const waits = submit('waits')
  submit('times out', { queueTimeout: 10 })
  submit('refused')
  clock.advance(10)
  pool.withdraw(waits)
  submit('queued')
  const { latencies, restarts, workers, breakers, crashes, ...counts } = pool.stats()
  assert.equal(counts, {
    submitted: 9,
    queued: 1,
    running: 1,
    completed: 1,
    errors: 1,
    cancelled: 2,
    timeouts: 2,
    refused: 1,
    lost: 0,
    recycled: 0,
    tainted: 0,
    scaledUp: 0,
    scaledDown: 0,
    quarantined: 0,
    sessions: 0,
    retries: 0,
    cancels: { not_started: 0, closed: 0, interrupted: 0, thrown: 0, replaced: 0 },
  })
  assert.is(workers.busy, 1)
  assert.equal([breakers, crashes], [{ pool: 'closed', tools: {} }, {}])
  assert.is(latencies.queue.count, 5)
  at('w-0').crash()
  runs.done({ type: 'lost' })
  assert.is(pool.stats().lost, 1)
  assert.equal(pool.stats().crashes, { other: 1 })
  assert.is(restarts, 0)
})

test('API-10, guarantee:G23: close lets accepted calls finish, waiting ones too, and refuses newcomers', async () => {
  const { pool, at, submit, up } = scriptedPool()
  up()
  const [runs, waits] = [submit('runs'), submit('waits')]
  const worker = at('w-0')
  const closing = pool.close()
  assert.is(submit('late').fate, 'pool_closed')
  runs.done()
  assert.is(waits.fate, 'w-0')
  assert.is(await endOf(closing), 'open')
  waits.done()
  assert.is(await endOf(closing), 'resolved')
  assert.is(worker.askedToStop, 'closing')
  assert.is(submit('later').fate, 'pool_closed')
})

test('guarantee:G7: close is bounded though calls hang and workers are deaf, and may be called again to hasten', async () => {
  const { pool, clock, submit, up, unsubscribed } = scriptedPool({}, { deaf: true })
  up()
  submit('hangs')
  const waits = submit('waits', { queueTimeout: Infinity })
  const closing = pool.close({ drain: 60_000 })
  clock.advance(1000)
  assert.is(waits.fate, 'waits')
  assert.is(pool.close({ drain: 0 }), closing)
  clock.advance(0)
  assert.is(await endOf(closing), 'open')
  assert.is(waits.fate, 'pool_closed')
  clock.advance(15_000)
  assert.is(await endOf(closing), 'resolved')
  assert.equal(unsubscribed, ['w-0'])
  assert.is(clock.timers, 0)
})

test('guarantee:G7: a pool that never started, is starting, rests or failed closes too', async () => {
  const fresh = scriptedPool()
  const unanswered = fresh.submit('early')
  const closingFresh = fresh.pool.close({ drain: 0 })
  fresh.clock.advance(0)
  assert.is(await endOf(closingFresh), 'resolved')
  assert.is(unanswered.fate, 'pool_closed')
  assert.is(await endOf(fresh.pool.start()), 'rejected pool_closed')

  const starting = scriptedPool({ size: 6 })
  const start = starting.pool.start()
  assert.is(await endOf(starting.pool.close()), 'resolved')
  assert.is(await endOf(start), 'rejected pool_closed')
  assert.is(starting.spawned.length, 4)

  const resting = scriptedPool()
  resting.up()
  resting.at('w-0').crash()
  assert.is(await endOf(resting.pool.close()), 'resolved')
  assert.is(resting.clock.timers, 0)

  const failed = scriptedPool()
  failed.pool.start().catch(() => {})
  failed.at('w-0').failStart()
  assert.is(await endOf(failed.pool.close()), 'resolved')
})

test('API-11: the timers of a pool do not keep the process alive', () => {
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  const before = timers()
  const pool = new Pool(resolvePoolOptions(), { spawn: () => NEVER })
  pool.submit(new ProbeRequest('waits', { session: ticket('s') }))
  assert.is(pool.stats().queued, 1)
  assert.is(timers(), before)
  const kept = setTimeout(() => {}, 1000)
  assert.is(timers(), before + 1, 'a timer that does keep it alive would be seen')
  clearTimeout(kept)
})

test.run()
