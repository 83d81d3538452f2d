// How a pool looks after its workers: ordered to go, recycled, tainted, added, let go, and left alone while they are busy.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Affinity } from '../../src/pool/request.js'
import { deviceOutOfMemory, type ProbeRequest, scriptedPool, ticket } from './scripted-pool.js'

type Stage = ReturnType<typeof scriptedPool>

/** A pool that is up, with what was said of sessions. */
function stageOf(...given: Parameters<typeof scriptedPool>) {
  const stage = scriptedPool(...given)
  const lost: string[] = []
  stage.pool.sessions$.subscribe((fact) => {
    if (fact.type === 'session-lost') lost.push(`${fact.session} ${fact.because}${fact.rebinds ? '' : ', for good'}`)
  })
  stage.up()
  const call = (id: string, affinity?: Affinity): ProbeRequest =>
    stage.submit('tool', { session: ticket(id, affinity) })
  return { ...stage, lost, call }
}

const places = ({ pool }: Pick<Stage, 'pool'>) => pool.workers().map(({ id, state }) => `${id} ${state}`)
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

test('CANCEL-01: the program may have one incarnation replaced; another one is left alone', () => {
  const { pool, at, clock } = stageOf({ size: 2 })
  const worker = at('w-0')
  pool.replaceWorker(worker.handle.info.incarnation, 0)
  clock.advance(100)
  assert.is(worker.askedToStop, 'tainted')
  at('w-0').ready()
  pool.replaceWorker(worker.handle.info.incarnation, 0)
  clock.advance(100)
  assert.is(at('w-0').askedToStop, undefined)
  assert.is(at('w-1').askedToStop, undefined)
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
