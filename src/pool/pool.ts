// A pool of Python workers: connects calls, scheduler and roster, and decides nothing itself.
import {
  distinctUntilChanged,
  filter,
  firstValueFrom,
  map,
  merge,
  type Observable,
  ReplaySubject,
  race,
  Subject,
  take,
} from 'rxjs'
import type { SnakepitError } from '../errors/snakepit-error.js'
import type { WorkerInfo } from '../worker/worker-event.js'
import { systemClock, timerOn } from './clock.js'
import type { PoolEvent, PoolFact } from './pool-event.js'
import type { LeaseReturned } from './pool-lease.js'
import type { PoolSettings } from './pool-options.js'
import { type PoolState, sameState } from './pool-state.js'
import { poolClosed, refusedByFailedPool } from './refusals.js'
import type { PoolRequest } from './request.js'
import { type PoolMeans, Roster, type RosterNews, type Spawn } from './roster.js'
import { schedule } from './schedule.js'
import type { SessionFact } from './session-table.js'
import { type CallCounts, type CallLatencies, Tally } from './tally.js'
import type { PlaceState, WorkerPlace } from './worker-place.js'

/** One worker's place, as it is now. */
export interface WorkerSnapshot {
  /** Name of the place. */
  readonly id: string
  readonly state: PlaceState['type']
  /** Calls it runs. */
  readonly running: number
  /** The incarnation that is here; undefined while there is none. */
  readonly info: WorkerInfo | undefined
}

/** The numbers of a pool at one moment. */
export interface PoolStats extends CallCounts {
  readonly latencies: CallLatencies
  /** Incarnations that replaced another one. */
  readonly restarts: number
  /** Places by state; `busy` are the ready ones that run a call. */
  readonly workers: Readonly<Record<PlaceState['type'] | 'busy', number>>
}

/**
 * A pool. `start` it, `submit` requests, `close` it.
 *
 * ```
 * calls ----\
 * returns ---+--> schedule --> facts: answers to requests, what happened to sessions
 * roster ---/
 * ```
 */
export class Pool {
  readonly #calls = new Subject<PoolEvent>()
  readonly #returns = new Subject<LeaseReturned>()
  readonly #facts = new Subject<PoolFact>()
  readonly #cutShort = new Subject<void>()
  readonly #tally = new Tally()
  readonly #roster: Roster
  readonly #means: PoolMeans
  readonly #state = new ReplaySubject<PoolState>(1)
  #phase: 'new' | 'open' | 'closing' | 'closed' = 'new'
  #failure: SnakepitError | undefined
  #closed: Promise<void> | undefined

  /** What was decided about calls and what happened to sessions, as it happens. */
  readonly facts$: Observable<PoolFact> = this.#facts.asObservable()
  /** What happens to sessions: bound, lost, ended, expired. */
  readonly sessions$: Observable<SessionFact> = this.#facts.pipe(filter(isSessionFact))
  /** What happens to workers. */
  readonly roster$: Observable<RosterNews>
  /** How the pool is; replayed to whoever comes later, and only told when it changes. */
  readonly state$: Observable<PoolState>

  constructor(
    readonly settings: PoolSettings,
    means: { readonly spawn: Spawn } & Partial<PoolMeans>,
  ) {
    this.#means = { clock: systemClock, random: Math.random, ...means }
    this.#roster = new Roster(settings, this.#means)
    this.roster$ = this.#roster.news$
    this.#state.next(this.#currentState())
    this.state$ = this.#state.pipe(distinctUntilChanged(sameState))
    this.#connect()
  }

  /** Starts the workers. Resolves and rejects as {@link Pool.ready} does. Calls may be submitted before. */
  start(): Promise<void> {
    if (this.#phase === 'new') {
      this.#phase = 'open'
      this.#roster.start()
    }
    return this.ready()
  }

  /** Resolves when a worker is ready; rejects at once when none can become so, with the cause, or after `close`. */
  ready(): Promise<void> {
    return this.#until((state) => state.type === 'running')
  }

  /** Resolves when every worker is ready; rejects when one of them cannot become so. */
  allReady(): Promise<void> {
    return this.#until((state) => {
      const lost = this.#roster.places.find((place) => place.state.type === 'given-up')
      if (lost?.state.type === 'given-up') throw lost.state.error
      return state.type === 'running' && state.ready === state.size
    })
  }

  /** Asks for a worker. The answer comes through the request, perhaps before this returns. */
  submit(request: PoolRequest): void {
    this.#tally.submitted()
    this.#calls.next({ type: 'submitted', request })
  }

  /** The caller gave up. Unless it was answered already, the request leaves the queue and is not answered any more. */
  withdraw(request: PoolRequest): void {
    this.#calls.next({ type: 'withdrawn', request })
  }

  /** Ends a session: calls that wait in it are refused with `session_ended`, those that run go on. */
  endSession(id: string): void {
    this.#calls.next({ type: 'session-end', session: id })
  }

  /** Lets a strict session whose worker is gone bind to another one with its next call. */
  renewSession(id: string): void {
    this.#calls.next({ type: 'session-renew', session: id })
  }

  /** Begins a session's time to live anew, as a call would. */
  touchSession(id: string): void {
    this.#calls.next({ type: 'session-touch', session: id })
  }

  /** The workers' places, as they are now. */
  workers(): readonly WorkerSnapshot[] {
    return this.#roster.places.map(snapshotOf)
  }

  /** The pool's numbers, as they are now. */
  stats(): PoolStats {
    const workers: Record<PlaceState['type'] | 'busy', number> = {
      waiting: 0,
      starting: 0,
      ready: 0,
      busy: 0,
      stopping: 0,
      resting: 0,
      'in-doubt': 0,
      'given-up': 0,
      stopped: 0,
    }
    for (const { state, running } of this.workers()) workers[state === 'ready' && running > 0 ? 'busy' : state]++
    return { ...this.#tally.counts(), latencies: this.#tally.latencies(), restarts: this.#roster.restarts, workers }
  }

  /**
   * Takes no more calls and lets the accepted ones finish, waiting ones included.
   *
   * @returns true when all finished, false when `limit` milliseconds were not enough.
   */
  async drain(limit: number = this.settings.drain): Promise<boolean> {
    this.#shut()
    const idle$ = merge(this.#facts, [undefined]).pipe(
      filter(() => this.#tally.open === 0),
      map(() => true),
    )
    const late$ = merge(timerOn(this.#means.clock, limit), this.#cutShort).pipe(map(() => false))
    return firstValueFrom(race(idle$, late$), { defaultValue: this.#tally.open === 0 })
  }

  /**
   * Drains the pool, refuses what still waits, and stops the workers; calls that still run end with their worker.
   * Always resolves. May be called again, also to cut an earlier call's `drain` short.
   */
  close({ drain = this.settings.drain }: { readonly drain?: number } = {}): Promise<void> {
    if (this.#closed) timerOn(this.#means.clock, drain).subscribe(() => this.#cutShort.next())
    else this.#closed = this.#close(drain)
    return this.#closed
  }

  async #close(drain: number): Promise<void> {
    await this.drain(drain)
    this.#calls.next({ type: 'cleared', because: (request) => poolClosed(this.settings.name, request) })
    await this.#roster.stop('closing')
    this.#phase = 'closed'
    this.#state.next(this.#currentState())
    this.#state.complete()
    this.#facts.complete()
  }

  #shut(): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return
    this.#phase = 'closing'
    this.#calls.next({ type: 'shut', because: (request) => poolClosed(this.settings.name, request) })
    this.#state.next(this.#currentState())
  }

  #connect(): void {
    const news$ = this.roster$.pipe(
      map((news) => this.#eventOf(news)),
      filter((event) => event !== undefined),
    )
    merge(this.#calls, this.#returns, news$)
      .pipe(schedule(this.settings, this.#means.clock, this.#returns))
      .subscribe((fact) => this.#deliver(fact))
    this.roster$.subscribe(() => this.#state.next(this.#currentState()))
  }

  #deliver(fact: PoolFact): void {
    this.#tally.note(fact)
    if (fact.type === 'granted') fact.request.granted(fact.lease)
    else if (fact.type === 'refused') fact.request.refused(fact.error)
    this.#facts.next(fact)
  }

  /** What the scheduler hears of the roster's news. */
  #eventOf(news: RosterNews): PoolEvent | undefined {
    switch (news.type) {
      case 'worker-ready':
      case 'worker-leaving':
      case 'worker-gone':
        return news
      case 'roster-failed':
        this.#failure = news.error
        return { type: 'cleared', because: (request) => refusedByFailedPool(request, news.error) }
      case 'worker-event':
      case 'worker-restarting':
      case 'place-given-up':
        return undefined
    }
  }

  #currentState(): PoolState {
    if (this.#phase === 'closing' || this.#phase === 'closed') return { type: this.#phase }
    if (this.#failure) return { type: 'failed', error: this.#failure }
    const size = this.settings.size
    if (!this.#roster.hasBeenReady) return { type: 'starting', ready: 0, size }
    return { type: 'running', ready: this.#roster.count('ready'), size, givenUp: this.#roster.count('given-up') }
  }

  #until(holds: (state: PoolState) => boolean): Promise<void> {
    return firstValueFrom(
      this.#state.pipe(
        filter((state) => {
          if (state.type === 'failed') throw state.error
          if (state.type === 'closing' || state.type === 'closed') throw poolClosed(this.settings.name)
          return holds(state)
        }),
        map(() => undefined),
        take(1),
      ),
    )
  }
}

function isSessionFact(fact: PoolFact): fact is SessionFact {
  return fact.type.startsWith('session-')
}

function snapshotOf({ id, state }: WorkerPlace): WorkerSnapshot {
  const worker = state.type === 'ready' || state.type === 'stopping' ? state.worker : undefined
  return { id, state: state.type, running: worker?.leases ?? 0, info: worker?.handle.info }
}
