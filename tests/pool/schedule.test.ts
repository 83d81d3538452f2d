// The scheduler in virtual time. `A` is granted, `a` gives its lease back, `x` left the queue, `@` is a session bound;
// a refusal shows the first letter of its code in capitals: `Q`ueue_timeout, `T`imeout, `P`ool_saturated, `W`orker_busy,
// `C`ircuit_open. A breaker opens `<`, half opens `~`, closes `=`.
import { filter, from, map, merge, Subject, tap } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { GuardRules } from '../../src/pool/guard.js'
import type { PoolEvent, PoolFact } from '../../src/pool/pool-event.js'
import type { LeaseEvent } from '../../src/pool/pool-lease.js'
import { PoolWorker } from '../../src/pool/pool-worker.js'
import type { LeaseOutcome } from '../../src/pool/request.js'
import { schedule } from '../../src/pool/schedule.js'
import { handleOf, marbleClock, type ProbeOptions, ProbeRequest, ticket } from './scripted-pool.js'

interface Scene {
  /** Slots of each worker; all are ready from frame 0. */
  readonly workers: readonly number[]
  readonly requests: Readonly<Record<string, ProbeRequest>>
  /** When requests are submitted, by letter. */
  readonly calls: string
  /** When requests are withdrawn, by letter. */
  readonly withdrawn?: string
  /** Frames that each granted call runs. */
  readonly runs?: number
  readonly maxQueue?: number
  readonly guard?: Partial<GuardRules>
  /** How calls end, by letter; well unless said otherwise. */
  readonly ends?: Readonly<Record<string, LeaseOutcome>>
}

const rules = {
  maxSessions: 10,
  sessionTtl: 1e6,
  minSize: 1,
  maxSize: 1,
  barrier: false,
  breaker: false,
  toolBreaker: false,
} as const

/** Plays a scene; `said` is what the scheduler says, one letter a fact. */
function play(
  { workers, requests, calls, withdrawn = '-', runs = 10, maxQueue = 10, guard = {}, ends = {} }: Scene,
  said: string,
): void {
  const staff = workers.map((slots, index) => new PoolWorker(handleOf(`w-${index}`), slots))
  const scheduler = new TestScheduler((actual, expected) => assert.equal(actual, expected))
  scheduler.run(({ hot, expectObservable, expectSubscriptions }) => {
    const calls$ = hot<ProbeRequest>(calls, requests)
    const withdrawals$ = hot<ProbeRequest>(withdrawn, requests)
    const returns = new Subject<LeaseEvent>()
    const events$ = merge(
      from(staff).pipe(map((worker): PoolEvent => ({ type: 'worker-ready', worker }))),
      calls$.pipe(map((request): PoolEvent => ({ type: 'submitted', request }))),
      withdrawals$.pipe(map((request): PoolEvent => ({ type: 'withdrawn', request }))),
      returns,
    )
    const facts$ = events$.pipe(
      schedule({ ...rules, maxQueue, ...guard }, marbleClock(scheduler), returns),
      filter((fact) => fact.type !== 'session-begun'),
      tap((fact) => {
        if (fact.type !== 'granted') return
        const end = ends[fact.request.tool] ?? ({ type: 'ok' } as const)
        scheduler.schedule(() => fact.lease.release(end), runs)
      }),
      map((fact) => letterOf(fact, requests)),
    )
    expectObservable(facts$, '^ 200ms !').toBe(said)
    expectSubscriptions(calls$.subscriptions).toBe('^ 200ms !')
    expectSubscriptions(withdrawals$.subscriptions).toBe('^ 200ms !')
  })
  for (const { leases, handle } of staff) assert.is(leases, 0, `a lease of ${handle.info.id} was not given back`)
}

function letterOf(fact: PoolFact, requests: Scene['requests']): string {
  const nameOf = (request: unknown) => Object.keys(requests).find((name) => requests[name] === request) ?? '?'
  switch (fact.type) {
    case 'granted':
      return nameOf(fact.request).toUpperCase()
    case 'ended':
      return nameOf(fact.lease.request)
    case 'refused':
      return fact.error.code.charAt(0).toUpperCase()
    case 'dropped':
      return 'x'
    case 'session-bound':
      return '@'
    case 'breaker-changed':
      return { open: '<', half_open: '~', closed: '=' }[fact.state.type]
    case 'tool-quarantined':
      return '%'
    default:
      return '?'
  }
}

const probes = (names: string, options?: ProbeOptions) =>
  Object.fromEntries([...names].map((name) => [name, new ProbeRequest(name, options)]))

test('POOL-01, POOL-02: calls run one after another in the order in which they came', () => {
  const scene = { workers: [1], requests: probes('abc'), calls: '--abc' }
  play(scene, '--A 9ms (aB) 6ms (bC) 6ms c')
})

test('POOL-01: without a ready worker nothing runs', () => {
  play({ workers: [], requests: probes('a', { queueTimeout: 50 }), calls: '-a' }, '- 50ms Q')
})

test('POOL-06: a worker runs as many calls as it has slots', () => {
  play({ workers: [2], requests: probes('abc'), calls: '-a-----bc' }, '-A 5ms B 3ms (aC) 2ms b 3ms c')
})

test('POOL-02: a full queue refuses at once', () => {
  play({ workers: [1], requests: probes('abc'), calls: '-abc', maxQueue: 1 }, '-A-P 7ms (aB) 6ms b')
})

test('POOL-02: a queue timeout refuses exactly once, and the call is not run afterwards', () => {
  const requests = { ...probes('a'), ...probes('b', { queueTimeout: 5 }), ...probes('c') }
  play({ workers: [1], requests, calls: '-abc' }, '-A 5ms Q 3ms (aC) 6ms c')
})

test('POOL-04: a call whose deadline passes in the queue is refused with `timeout` and never run', () => {
  const requests = { ...probes('a'), ...probes('b', { deadline: 6, queueTimeout: 100 }), ...probes('c') }
  play({ workers: [1], requests, calls: '-abc' }, '-A 4ms T 4ms (aC) 6ms c')
})

test('POOL-04: a call that comes after its deadline is refused at once', () => {
  play({ workers: [1], requests: probes('a', { deadline: 2 }), calls: '---a' }, '---T')
})

test('POOL-03: a cancelled queued call leaves the queue and disturbs nobody', () => {
  play({ workers: [1], requests: probes('abc'), calls: '-abc', withdrawn: '-----b' }, '-A---x 5ms (aC) 6ms c')
})

test('POOL-03: withdrawing what runs, or what nobody knows, changes nothing', () => {
  play({ workers: [1], requests: probes('abz'), calls: '-ab', withdrawn: '---az' }, '-A 9ms (aB) 6ms b')
})

test('SESSION-04: the first call binds before it is granted, so two racing calls land together', () => {
  const requests = probes('ab', { session: ticket('s', 'strict_queue') })
  play({ workers: [1, 1], requests, calls: '-(ab)' }, '-(@A) 6ms (aB) 6ms b')
})

test('POOL-02: a call that waits for its own busy worker holds up nobody behind it', () => {
  const requests = { ...probes('ab', { session: ticket('s', 'strict_queue') }), ...probes('c') }
  play({ workers: [1, 1], requests, calls: '-a----bc' }, '-(@A)--C 3ms (aB) 2ms c 3ms b')
})

test('SESSION-03: strict_fail_fast is refused while its worker is busy and runs when it is free', () => {
  const requests = probes('abc', { session: ticket('s', 'strict_fail_fast') })
  play({ workers: [1, 1], requests, calls: '-a----b------c' }, '-(@A)-W 4ms a-C 9ms c')
})

test('guarantee:G18, POOL-02: sessions take turns, however many calls one of them has waiting', () => {
  const requests = { ...probes('abcde', { session: ticket('many') }), ...probes('z', { session: ticket('one') }) }
  play({ workers: [1], requests, calls: '-abcdez' }, '-(@A) 6ms (aB) 6ms (b@Z) 5ms (zC) 6ms (cD) 6ms (dE) 6ms e')
})

test('FAULT-04: a breaker opens with a failure, tries one call after its cooldown, and closes when that one ends well', () => {
  const guard = { breaker: { failures: 1, within: 100, cooldown: 20, halfOpenCalls: 1 } }
  const ends = { u: { type: 'error', error: new Error('no') } } as const
  const scene = { workers: [2], requests: probes('uvwy'), calls: '-u 13ms v 25ms y---w', guard, ends }
  play(scene, '-U 9ms (u<)C 25ms (~Y)C 5ms (y=)')
})

test('FAULT-04: a call that waits when the breaker opens is refused when its turn comes', () => {
  const guard = { breaker: { failures: 1, within: 100, cooldown: 20, halfOpenCalls: 1 } }
  const ends = { u: { type: 'error', error: new Error('no') } } as const
  play({ workers: [1], requests: probes('uv'), calls: '-uv', guard, ends }, '-U 9ms (u<C)')
})

test.run()
