// Sessions: what they are bound to, how long they live, and what is said about them.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Affinity } from '../../src/pool/request.js'
import { type ProbeRequest, scriptedPool, ticket } from './scripted-pool.js'

/** A pool of two workers, with what is said of sessions in short. */
function stageOf(options = {}) {
  const stage = scriptedPool({ size: 2, ...options })
  const said: string[] = []
  stage.pool.sessions$.subscribe((fact) => {
    if (fact.type === 'session-begun' || fact.type === 'session-renewed') return
    const workers = 'worker' in fact ? [fact.worker] : fact.workers
    said.push(`${fact.type} ${fact.session} ${workers.map((worker) => worker.info.id).join(' ')}`.trim())
  })
  stage.up()
  const call = (id: string, affinity?: Affinity, ttl?: number): ProbeRequest =>
    stage.submit('tool', { session: ticket(id, affinity, ttl) })
  return { ...stage, said, call }
}

test('SESSION-01: a hint comes back to its worker when that is free, and goes elsewhere when it is busy', () => {
  const { call, submit } = stageOf()
  const first = call('s')
  assert.is(first.fate, 'w-0')
  first.done()
  submit('other').done()
  const again = call('s')
  assert.is(again.fate, 'w-0')
  assert.is(call('s').fate, 'w-1')
})

test('SESSION-02: strict_queue waits for its worker although another is free', () => {
  const { call } = stageOf()
  const first = call('s', 'strict_queue')
  const second = call('s', 'strict_queue')
  assert.is(second.fate, 'waits')
  first.done()
  assert.is(second.fate, 'w-0')
})

test('SESSION-02, guarantee:G19: when its worker dies, waiting and later calls fail and never run elsewhere', () => {
  const { call, at, clock, said } = stageOf()
  const running = call('s', 'strict_queue')
  const waiting = call('s', 'strict_queue')
  at('w-0').crash()
  assert.is(waiting.fate, 'session_worker_unavailable')
  running.done({ type: 'lost' })
  assert.is(call('s', 'strict_fail_fast').fate, 'session_worker_unavailable')
  clock.advance(200)
  at('w-0').ready()
  assert.is(call('s', 'strict_queue').fate, 'session_worker_unavailable')
  assert.equal(said, ['session-bound s w-0', 'session-lost s w-0'])
})

test('SESSION-07: a lost strict session binds anew once it is renewed', () => {
  const { call, at, pool, said } = stageOf()
  call('s', 'strict_queue')
  at('w-0').crash()
  pool.renewSession('s')
  assert.is(call('s', 'strict_queue').fate, 'w-1')
  assert.equal(said, ['session-bound s w-0', 'session-lost s w-0', 'session-bound s w-1'])
})

test('SESSION-01, SESSION-07: a lost hint is told, and binds anew by itself', () => {
  const { call, at, said } = stageOf()
  call('s').done()
  at('w-0').crash()
  assert.is(call('s').fate, 'w-1')
  assert.equal(said, ['session-bound s w-0', 'session-lost s w-0', 'session-bound s w-1'])
})

test('SESSION-02: a worker on its way out takes no call of its sessions', () => {
  const { call, at } = stageOf()
  call('s', 'strict_queue')
  const waiting = call('s', 'strict_queue')
  at('w-0').leaving()
  assert.is(waiting.fate, 'session_worker_unavailable')
  assert.is(call('s', 'strict_queue').fate, 'session_worker_unavailable')
  assert.is(call('s', 'hint').fate, 'w-1')
})

test('SESSION-03: strict_fail_fast is refused while its worker is busy, whoever keeps it busy', () => {
  const { call, submit } = stageOf()
  call('s', 'strict_fail_fast').done()
  submit('other')
  const keeper = submit('another')
  assert.is(keeper.fate, 'w-0')
  assert.is(call('s', 'strict_fail_fast').fate, 'worker_busy')
  keeper.done()
  assert.is(call('s', 'strict_fail_fast').fate, 'w-0')
})

test('SESSION-03, SESSION-04: without a worker yet it waits; the call that binds decides for those behind it', () => {
  const { call, submit } = stageOf()
  const [a, b] = [submit('a'), submit('b')]
  const first = call('s', 'strict_fail_fast')
  const second = call('s', 'strict_fail_fast')
  assert.equal([first.fate, second.fate], ['waits', 'waits'])
  b.done()
  assert.equal([first.fate, second.fate], ['w-1', 'worker_busy'])
  a.done()
})

test('SESSION-04: the affinity of each call counts, order within the session is kept', () => {
  const { call } = stageOf()
  const first = call('s', 'hint')
  const strict = call('s', 'strict_queue')
  const loose = call('s', 'hint')
  assert.equal([first.fate, strict.fate, loose.fate], ['w-0', 'waits', 'waits'])
  first.done()
  assert.equal([strict.fate, loose.fate], ['w-0', 'w-1'])
})

test('POOL-02, SESSION-04: when the first call of a session times out, the next may run elsewhere at once', () => {
  const { call, clock, submit } = stageOf()
  call('s', 'strict_queue')
  const strict = submit('tool', { session: ticket('s', 'strict_queue'), queueTimeout: 10 })
  const loose = call('s', 'hint')
  assert.is(loose.fate, 'waits')
  clock.advance(10)
  assert.equal([strict.fate, loose.fate], ['queue_timeout', 'w-1'])
})

test('SESSION-03, guarantee:G14: a late event loop runs no call whose time ran out behind the first of its session', () => {
  const { submit, at, clock, pool } = scriptedPool({ concurrency: 2 })
  pool.start().catch(() => {})
  const first = submit('tool', { session: ticket('s'), queueTimeout: Infinity })
  const late = submit('tool', { session: ticket('s', 'strict_fail_fast'), deadline: 500 })
  clock.stall(1000)
  at('w-0').ready()
  assert.equal([first.fate, late.fate], ['w-0', 'timeout'])
})

test('SESSION-05: a session expires its time to live after its last call, not while one runs', () => {
  const { call, clock, said } = stageOf({ sessionTtl: 1000 })
  const long = call('s')
  clock.advance(5000)
  long.done()
  clock.advance(999)
  assert.equal(said, ['session-bound s w-0'])
  call('s').done()
  clock.advance(999)
  assert.is(said.length, 1)
  clock.advance(1001)
  assert.equal(said, ['session-bound s w-0', 'session-expired s w-0'])
  call('s', 'strict_queue')
  assert.is(said.at(-1), 'session-bound s w-1', 'the next call begins a new session')
})

test('SESSION-05: a ticket may carry its own time to live, and a touch prolongs it', () => {
  const { call, clock, pool, said } = stageOf({ sessionTtl: 1000 })
  call('brief', 'hint', 100).done()
  call('kept').done()
  clock.advance(900)
  pool.touchSession('kept')
  clock.advance(900)
  assert.equal(said.slice(2), ['session-expired brief w-0'])
  clock.advance(200)
  assert.is(said.at(-1), 'session-expired kept w-1')
})

test('SESSION-05: beyond the quota a new session is refused, an old one is not', () => {
  const { call, pool } = stageOf({ maxSessions: 2 })
  call('a').done()
  call('b').done()
  assert.is(call('c').fate, 'session_quota_exceeded')
  call('a').done()
  pool.endSession('b')
  assert.is(call('c').error, undefined)
})

test('SESSION-05: a refused call leaves no session behind', () => {
  const { call, submit } = stageOf({ maxSessions: 1, maxQueue: 0 })
  const [a, b] = [submit('a'), submit('b')]
  assert.is(call('s').fate, 'pool_saturated')
  a.done()
  b.done()
  assert.is(call('t').fate, 'w-0')
})

test('SESSION-05: ending a session refuses what waits in it and names the workers that knew it', () => {
  const { call, pool, said } = stageOf()
  const runs = [call('s'), call('s')]
  const waiting = call('s')
  pool.endSession('s')
  assert.is(waiting.fate, 'session_ended')
  assert.is(said.at(-1), 'session-ended s w-0 w-1')
  for (const request of runs) request.done()
  assert.is(pool.stats().running, 0)
})

test.run()
