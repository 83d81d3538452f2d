// Random lives of a pool against the laws that hold in all of them.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SnakepitError } from '../../src/errors/snakepit-error.js'
import type { Pool } from '../../src/pool/pool.js'
import type { PoolState } from '../../src/pool/pool-state.js'
import type { LeaseOutcome } from '../../src/pool/request.js'
import { type Act, barrier, type Life, life, sessions } from './pool-acts.js'
import { type ProbeRequest, scriptedPool, ticket } from './scripted-pool.js'

const runs = Number(process.env.FAST_CHECK_RUNS ?? 400)
const crashed = new SnakepitError('worker_crashed', 'killed by SIGSEGV', { mayHaveRun: true })
const stopping = new SnakepitError('worker_stopping', 'stopped while the call ran')

/** Lives one life and checks the laws at every step. */
function live({ acts, more, ...options }: Life): { pool: Pool; submitted: number; finish: () => Promise<void> } {
  const stage = scriptedPool({
    ...options,
    minSize: options.size,
    maxSize: options.size + more,
    workerIdleTimeout: 500,
    workerDrain: 2000,
    sessionTtl: 8000,
    barrier,
    restart: { maxCrashes: 1000, maxStartFailures: 1000 },
  })
  const { pool, clock, spawned } = stage
  const requests: ProbeRequest[] = []
  const released = new Set<ProbeRequest>()
  const withdrawn = new Set<ProbeRequest>()
  const granted: ProbeRequest[] = []
  /** Incarnations that were tainted: nothing runs there any more. */
  const tainted = new Set<string>()
  /** The incarnations that crashed under each tool, and when. */
  const deaths = new Map<string, Map<string, number>>()
  /** The incarnation that ran a strict call of each session: no other one may, until the session ends or is renewed. */
  const homes = new Map<string, string>()

  /** Where sessions are bound, as the pool tells. */
  const bound = new Map<string, string>()

  let state: PoolState = { type: 'starting', ready: 0, size: options.size }
  pool.state$.subscribe((next) => (state = next))
  pool.facts$.subscribe((fact) => {
    if (fact.type === 'granted') granted.push(fact.request as ProbeRequest)
    if (fact.type === 'session-bound') bound.set(fact.session, fact.worker.info.incarnation)
    if (fact.type === 'session-lost') bound.delete(fact.session)
    if (fact.type === 'session-renewed') homes.delete(fact.session)
    if (fact.type === 'worker-tainted') tainted.add(fact.worker.handle.info.incarnation)
    if (fact.type === 'session-ended' || fact.type === 'session-expired') {
      homes.delete(fact.session)
      bound.delete(fact.session)
    }
  })

  /** Laws broken where an assertion would be lost: in callbacks of the pool. */
  const broken: string[] = []
  const running = () => requests.filter((request) => request.lease && !released.has(request))
  const release = (request: ProbeRequest, outcome: LeaseOutcome = { type: 'ok' }) => {
    released.add(request)
    const incarnation = request.lease?.worker.info.incarnation as string
    if (outcome.type === 'lost' && outcome.error === crashed) {
      const toll = deaths.get(request.tool) ?? new Map<string, number>()
      deaths.set(request.tool, toll)
      if (!toll.has(incarnation)) toll.set(incarnation, clock.now())
    }
    request.done(outcome)
    request.done(outcome)
  }
  const withdraw = (request: ProbeRequest) => {
    if (request.answers === 0) withdrawn.add(request)
    pool.withdraw(request)
  }

  const loseCallsOf = (incarnation: string, outcome: LeaseOutcome) => {
    for (const request of running()) {
      if (request.lease?.worker.info.incarnation === incarnation) release(request, outcome)
    }
  }

  /** Calls of workers that stopped when asked to: they end with their worker, and that is no crash. */
  const loseStoppedCalls = () => {
    for (const worker of spawned) {
      if (worker.isOver) loseCallsOf(worker.handle.info.incarnation, { type: 'lost', error: stopping })
    }
  }

  const perform = (act: Act): void => {
    switch (act.type) {
      case 'submit': {
        const session = act.session === undefined ? undefined : ticket(act.session, act.affinity)
        const deadline = act.timeout === Infinity ? undefined : clock.now() + act.timeout
        const index = requests.length
        const withdrawNext = () => requests[index + 1] && withdraw(requests[index + 1] as ProbeRequest)
        const request = stage.makeRequest(act.tool, {
          ...(session && { session }),
          queueTimeout: act.queueTimeout,
          ...(deadline !== undefined && { deadline }),
        })
        request.onGranted = (lease) => {
          const { incarnation } = lease.worker.info
          if (deadline !== undefined && clock.now() >= deadline) broken.push('ran after its deadline')
          if (tainted.has(incarnation)) broken.push('ran on a tainted worker')
          const toll = [...(deaths.get(act.tool)?.values() ?? [])].filter((at) => clock.now() < at + barrier.within)
          if (toll.length >= barrier.crashes) broken.push('met another worker after it was there at two crashes')
          if (released.has(request)) broken.push('granted after it was released')
          if (session && session.affinity !== 'hint') {
            if (!homes.has(session.id)) homes.set(session.id, incarnation)
            if (incarnation !== homes.get(session.id)) broken.push('a strict call ran away from home')
          }
          if (act.reacts === 0) release(request)
          if (act.reacts === 1) withdrawNext()
          if (act.reacts === 2) perform({ ...act, reacts: 9 })
        }
        request.onRefused = () => {
          if (act.reacts === 1) withdrawNext()
        }
        requests.push(request)
        pool.submit(request)
        return
      }
      case 'withdraw': {
        const request = requests[requests.length - 1 - act.which]
        if (request) withdraw(request)
        return
      }
      case 'release': {
        const all = running()
        const request = all[act.which % Math.max(1, all.length)]
        if (request) release(request, act.how)
        return
      }
      case 'give-up': {
        const all = running()
        all[act.which % Math.max(1, all.length)]?.lease?.giveUp()
        return
      }
      case 'crash':
      case 'leave':
      case 'fail-start':
      case 'grow-fat':
      case 'sign':
      case 'ready': {
        const alive = spawned.filter((worker) => !worker.isOver)
        const worker = alive[act.which % Math.max(1, alive.length)]
        if (!worker) return
        if (act.type === 'ready') worker.ready()
        if (act.type === 'leave') worker.leaving()
        if (act.type === 'sign') worker.sign(act.sign)
        if (act.type === 'grow-fat') stage.memory.set(worker.handle, 2000)
        if (act.type === 'fail-start' && !worker.isReady) worker.failStart()
        if (act.type !== 'crash') return
        if (act.callsFirst) loseCallsOf(worker.handle.info.incarnation, { type: 'lost', error: crashed })
        worker.crash()
        loseCallsOf(worker.handle.info.incarnation, { type: 'lost', error: crashed })
        return
      }
      case 'end':
        pool.endSession(act.session)
        break
      case 'renew':
        pool.renewSession(act.session)
        break
      case 'pass':
        clock.advance(act.time)
        break
      case 'stall':
        clock.stall(act.time)
        break
    }
  }

  const check = () => {
    const { submitted, queued, running: leases, completed, errors, cancelled, timeouts, refused, lost } = pool.stats()
    assert.is(submitted, queued + leases + completed + errors + cancelled + timeouts + refused + lost, 'counts add up')
    assert.is(submitted, requests.length)
    assert.is(leases, running().length, 'no lease leaks')
    assert.is(queued, requests.filter((request) => request.answers === 0 && !withdrawn.has(request)).length)
    assert.ok(queued <= options.maxQueue, 'the queue is bounded')
    for (const request of requests) {
      assert.is.not(request.answers > 1, true, 'answered twice')
      assert.is.not(withdrawn.has(request) && request.answers > 0, true, 'answered after it was withdrawn')
    }
    assert.equal(broken, [])
    const heads = [undefined, ...sessions].map((session) =>
      requests.find((request) => request.session?.id === session && request.answers === 0 && !withdrawn.has(request)),
    )
    for (const { info, state: placeState, sign, running: taken } of pool.workers()) {
      if (!info) continue
      const held = running().filter((request) => request.lease?.worker.info.incarnation === info.incarnation).length
      assert.is(taken, held, 'slots taken are leases held')
      assert.ok(held <= options.concurrency, 'no more calls than slots')
      const answers = sign === 'responsive' || (options.concurrency === 1 && sign !== 'hung')
      const isFree = placeState === 'ready' && held < options.concurrency && answers
      assert.not(placeState === 'draining' && held === 0, 'who runs nothing and is to go is asked to')
      for (const head of heads) {
        if (!head) continue
        const isPinned = head.session && head.session.affinity !== 'hint' && bound.has(head.session.id)
        const isHere = !isPinned || bound.get(head.session.id) === info.incarnation
        assert.not(isFree && isHere, 'no call waits that could run')
        assert.not(isPinned && isHere && placeState !== 'ready', 'no call waits for a worker that takes none')
      }
    }
    if (state.type === 'running') {
      assert.ok(state.size >= options.size && state.size <= options.size + more, 'between the bounds')
    }
    const names = pool.workers().map(({ id }) => id)
    assert.is(new Set(names).size, names.length, 'a name has one place')
    const alive = new Set(pool.workers().map(({ info }) => info?.incarnation))
    for (const incarnation of bound.values()) assert.ok(alive.has(incarnation), 'a session that is lost is told to be')
  }

  pool.start().catch(() => {})
  for (const worker of spawned) worker.ready()
  for (const act of acts) {
    perform(act)
    loseStoppedCalls()
    check()
  }

  // Within a session calls are granted in the order in which they came.
  for (const session of sessions) {
    const order = granted
      .filter((request) => request.session?.id === session)
      .map((request) => requests.indexOf(request))
    assert.equal(
      order,
      order.toSorted((one, other) => one - other),
      `the order of session ${session}`,
    )
  }

  const finish = async () => {
    const closing = pool.close({ drain: 0 })
    // First the drain's end, then, for workers that never say that they are gone, the stop limit.
    for (let turn = 0; turn < 20; turn++) {
      clock.advance(turn < 10 ? 0 : 20_000)
      await Promise.resolve()
    }
    for (const request of running()) release(request, { type: 'lost' })
    await closing
    check()
    assert.is(pool.stats().queued, 0)
    assert.is(pool.stats().running, 0)
    for (const request of requests)
      assert.is(request.answers, withdrawn.has(request) ? 0 : 1, 'every request ends once')
    assert.is(clock.timers, 0, 'timers are left')
  }
  return { pool, submitted: requests.length, finish }
}

test('POOL-01, POOL-02, POOL-03, POOL-05, SESSION-02, FAULT-03, FAULT-06, guarantee:G9: every request ends exactly once, whatever happens', async () => {
  await fc.assert(
    fc.asyncProperty(life, async (life) => {
      await live(life).finish()
    }),
    { numRuns: runs, includeErrorInReport: true },
  )
})

test.run()
