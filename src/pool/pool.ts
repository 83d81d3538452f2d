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
  takeUntil,
} from 'rxjs'
import type { SnakepitError } from '../errors/snakepit-error.js'
import { systemClock, timerOn } from './clock.js'
import { HeldCalls } from './held-calls.js'
import { Ledger } from './ledger.js'
import { isWorkerNews, type PoolEvent, type PoolFact, type Reason } from './pool-event.js'
import type { LeaseEvent } from './pool-lease.js'
import type { PoolSettings } from './pool-settings.js'
import { type PoolPhase, type PoolState, sameState, stateOf } from './pool-state.js'
import { type PoolStats, snapshotOf, type WorkerSnapshot } from './pool-stats.js'
import { poolClosed, refusedByFailedPool } from './refusals.js'
import type { PoolRequest } from './request.js'
import { residentMemory } from './resident-memory.js'
import { Roster } from './roster.js'
import type { PoolMeans, RosterNews, Spawn } from './roster-news.js'
import { schedule } from './schedule.js'
import type { SessionSnapshot } from './session-book.js'
import { isSessionFact, type SessionFact } from './session-fact.js'
import { Upkeep } from './upkeep.js'

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
  readonly #returns = new Subject<LeaseEvent>()
  readonly #facts = new Subject<PoolFact>()
  readonly #cutShort = new Subject<void>()
  readonly #ledger = new Ledger()
  readonly #held = new HeldCalls()
  readonly #roster: Roster
  readonly #upkeep: Upkeep
  readonly #means: PoolMeans
  readonly #state = new ReplaySubject<PoolState>(1)
  #phase: PoolPhase = 'new'
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
    this.#means = { clock: systemClock, random: Math.random, memoryOf: residentMemory, ...means }
    this.#roster = new Roster(settings, this.#means)
    this.#upkeep = new Upkeep(settings, this.#means, this.#roster)
    this.roster$ = this.#roster.news$
    this.#tellState()
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
    this.#ledger.submitted(request)
    this.#calls.next({ type: 'submitted', request })
  }

  /** The caller gave up. Unless it was answered already, the request leaves the queue and is not answered any more. */
  withdraw(request: PoolRequest): void {
    this.#calls.next({ type: 'withdrawn', request })
  }

  /**
   * Keeps the place of a call that is submitted later: while it pauses before another run, or waits for its session. Says
   * why not where the pool takes it no more; later it may be refused as if it had been submitted.
   */
  hold(request: PoolRequest): SnakepitError | undefined {
    return this.#held.add(request)
  }

  /** A call that was held has been submitted, or is over. */
  letGo(request: PoolRequest): void {
    this.#held.delete(request)
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

  /** The sessions that were begun and have not ended, oldest first. */
  sessions(): readonly SessionSnapshot[] {
    return this.#ledger.sessions()
  }

  /** True for a session that has begun and not ended. */
  hasSession(id: string): boolean {
    return this.#ledger.hasSession(id)
  }

  /** The pool's numbers, as they are now. */
  stats(): PoolStats {
    return this.#ledger.stats(this.workers(), this.#roster.restarts)
  }

  /**
   * Takes no more calls and lets the accepted ones finish: those that wait, and those that come back for another run.
   *
   * @returns true when all finished, false when `limit` milliseconds were not enough.
   */
  async drain(limit: number = this.settings.drain): Promise<boolean> {
    this.#shut()
    const idle$ = merge(this.#facts, this.#held.left$, [undefined]).pipe(
      filter(() => this.#open === 0),
      map(() => true),
    )
    const late$ = merge(timerOn(this.#means.clock, limit), this.#cutShort).pipe(map(() => false))
    return firstValueFrom(race(idle$, late$), { defaultValue: this.#open === 0 })
  }

  /**
   * Drains the pool, refuses what still waits, and stops the workers; calls that still run end with their worker.
   * Always resolves. May be called again, also to cut an earlier call's `drain` short.
   */
  close({ drain = this.settings.drain }: { readonly drain?: number } = {}): Promise<void> {
    if (this.#closed) {
      const late$ = timerOn(this.#means.clock, drain)
      late$.pipe(takeUntil(this.#closed)).subscribe(() => this.#cutShort.next())
    } else {
      this.#closed = this.#close(drain)
    }
    return this.#closed
  }

  async #close(drain: number): Promise<void> {
    await this.drain(drain)
    this.#clear((request) => poolClosed(this.settings.name, request))
    this.#upkeep.close()
    await this.#roster.stop('closing')
    this.#phase = 'closed'
    this.#tellState()
    this.#state.complete()
    this.#facts.complete()
  }

  #shut(): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return
    this.#phase = 'closing'
    const because: Reason = (request) => poolClosed(this.settings.name, request)
    this.#held.shut(because)
    this.#calls.next({ type: 'shut', because })
    this.#tellState()
  }

  /** Refuses what waits, here and with the scheduler, and whatever comes. */
  #clear(because: Reason): void {
    this.#calls.next({ type: 'cleared', because })
    this.#held.clear(because)
  }

  /** Calls that were accepted and are not over: they wait, run, are being left, or come back. */
  get #open(): number {
    return this.#ledger.open + this.#held.size
  }

  #connect(): void {
    const news$ = this.roster$.pipe(
      map((news) => this.#eventOf(news)),
      filter((event) => event !== undefined),
    )
    merge(this.#calls, this.#returns, news$)
      .pipe(schedule(this.settings, this.#means.clock, this.#returns))
      .subscribe((fact) => this.#deliver(fact))
    this.roster$.subscribe((news) => {
      this.#ledger.hear(news)
      this.#tellState()
      this.#upkeep.hear(news)
    })
  }

  #deliver(fact: PoolFact): void {
    this.#ledger.note(fact)
    this.#upkeep.note(fact)
    if (fact.type === 'granted') fact.request.granted(fact.lease)
    else if (fact.type === 'refused') fact.request.refused(fact.error)
    this.#facts.next(fact)
  }

  /** What the scheduler hears of the roster's news. */
  #eventOf(news: RosterNews): PoolEvent | undefined {
    if (news.type !== 'roster-failed') return isWorkerNews(news) ? news : undefined
    this.#failure = news.error
    this.#upkeep.close()
    const because: Reason = (request) => refusedByFailedPool(request, news.error)
    this.#held.clear(because)
    return { type: 'cleared', because }
  }

  #tellState(): void {
    this.#state.next(stateOf(this.#phase, this.#failure, this.#roster))
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
