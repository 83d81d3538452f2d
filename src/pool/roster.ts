// The pool's workers: started in batches, replaced when lost, stopped at the end.
import { BehaviorSubject, defer, filter, finalize, firstValueFrom, type Observable, race, Subject } from 'rxjs'
import type { SnakepitError } from '../errors/snakepit-error.js'
import type { WorkerEvent, WorkerHandle } from '../worker/worker-event.js'
import { type Clock, timerOn } from './clock.js'
import type { WorkerNews } from './pool-event.js'
import { PoolWorker } from './pool-worker.js'
import { poolFailed, workerVanished } from './refusals.js'
import { afterCrash, afterStartFailure, type RestartRules } from './restart-policy.js'
import { type PlaceState, type StopReason, WorkerPlace } from './worker-place.js'

/**
 * Makes one incarnation of a worker. Subscribing starts the process. When `stop$` emits, the worker walks the stop
 * ladder, reports every rung, and completes after `exited` (`start-failed` if it was not ready yet). Unsubscribing walks
 * the ladder too, unheard.
 */
export type Spawn = (id: string, stop$: Observable<StopReason>) => Observable<WorkerEvent>

/** What the roster is told once. */
export interface RosterRules {
  /** The pool's name; its workers are `name-0`, `name-1` and so on. */
  readonly name: string
  /** How many workers there are to be. */
  readonly size: number
  /** How many may be starting at a time. */
  readonly startBatch: number
  /** Calls that one worker runs at a time. */
  readonly concurrency: number
  readonly restart: RestartRules
  /** Milliseconds to wait for stopped workers to be gone before their Observables are left. */
  readonly stopLimit: number
}

/** What the pool reaches out to; tests bring their own. */
export interface PoolMeans {
  readonly spawn: Spawn
  readonly clock: Clock
  /** A number from 0 up to 1. */
  readonly random: () => number
}

/** What the roster tells. */
export type RosterNews =
  | WorkerNews
  /** What a worker said, word for word. */
  | { readonly type: 'worker-event'; readonly event: WorkerEvent }
  /** A worker is replaced after a rest of `after` milliseconds; `error` is what ended it. */
  | {
      readonly type: 'worker-restarting'
      readonly place: string
      readonly after: number
      readonly error: SnakepitError
    }
  /** A place stays empty: its worker failed to start too often. */
  | { readonly type: 'place-given-up'; readonly place: string; readonly error: SnakepitError }
  /** There will be no workers any more; those left are being stopped. */
  | { readonly type: 'roster-failed'; readonly error: SnakepitError }

/** The places of a pool and who is in them. Books first, then news: whoever hears news sees `places` as they are now. */
export class Roster {
  readonly places: readonly WorkerPlace[]
  readonly #news = new Subject<RosterNews>()
  /** Incarnations whose Observable has not ended. */
  readonly #living = new BehaviorSubject(0)
  #crashes: readonly number[] = []
  #restarts = 0
  #phase: 'new' | 'up' | 'stopping' = 'new'
  #hasBeenReady = false

  /** What happens to the workers, as it happens; completes when all are stopped. Subscribe before `start`. */
  readonly news$: Observable<RosterNews> = this.#news.asObservable()

  constructor(
    readonly rules: RosterRules,
    readonly means: PoolMeans,
  ) {
    this.places = Array.from({ length: rules.size }, (_, index) => new WorkerPlace(`${rules.name}-${index}`))
  }

  /** True once any worker has been ready. */
  get hasBeenReady(): boolean {
    return this.#hasBeenReady
  }

  /** How many incarnations replaced another one. */
  get restarts(): number {
    return this.#restarts
  }

  /** How many places are in the given state. */
  count(type: PlaceState['type']): number {
    return this.places.reduce((count, place) => (place.state.type === type ? count + 1 : count), 0)
  }

  /** Starts the workers, a batch at a time. */
  start(): void {
    if (this.#phase !== 'new') return
    this.#phase = 'up'
    this.#startWaiting()
  }

  /** Stops every worker; resolves when all are gone, or when `stopLimit` has passed. Never rejects. */
  async stop(reason: StopReason): Promise<void> {
    this.#askAllToStop(reason)
    const allGone$ = this.#living.pipe(filter((living) => living === 0))
    await firstValueFrom(race(allGone$, timerOn(this.means.clock, this.rules.stopLimit)), { defaultValue: undefined })
    for (const place of this.places) place.life?.unsubscribe()
    this.#news.complete()
  }

  // ---- starting

  #startWaiting(): void {
    for (const place of this.places) {
      // While nobody has been ready, one failure is reason to wait for the others before more are tried.
      const inDoubt = !this.#hasBeenReady && this.count('in-doubt') > 0
      if (this.#phase !== 'up' || inDoubt || this.count('starting') >= this.rules.startBatch) return
      if (place.state.type === 'waiting') this.#start(place)
    }
  }

  #start(place: WorkerPlace): void {
    const stop$ = new Subject<StopReason>()
    place.state = { type: 'starting' }
    place.stop$ = stop$
    this.#living.next(this.#living.value + 1)
    // An Observable may take its time to complete after its last event; its place may have been taken again by then.
    const isHere = () => place.stop$ === stop$
    place.life = defer(() => this.means.spawn(place.id, stop$))
      .pipe(finalize(() => this.#living.next(this.#living.value - 1)))
      .subscribe({
        next: (event) => isHere() && this.#hear(place, event),
        // Without a last word; after one these find nobody here.
        error: (cause: unknown) => isHere() && this.#mourn(place, undefined, cause),
        complete: () => isHere() && this.#mourn(place, undefined),
      })
  }

  #restartLater(place: WorkerPlace, after: number, error: SnakepitError): void {
    const alarm = this.means.clock.after(after, () => {
      this.#restarts++
      place.state = { type: 'waiting' }
      this.#startWaiting()
    })
    place.state = { type: 'resting', alarm }
    this.#news.next({ type: 'worker-restarting', place: place.id, after, error })
  }

  // ---- listening

  #hear(place: WorkerPlace, event: WorkerEvent): void {
    this.#news.next({ type: 'worker-event', event })
    switch (event.type) {
      case 'ready':
        this.#welcome(place, event.handle)
        break
      case 'stopping':
        this.#showOut(place)
        break
      case 'start-failed':
        this.#missStart(place, event.error)
        break
      case 'exited':
        this.#mourn(place, event.error)
        break
      case 'starting':
      case 'log':
        break
    }
  }

  #welcome(place: WorkerPlace, handle: WorkerHandle): void {
    if (place.state.type !== 'starting') return
    const worker = new PoolWorker(handle, this.rules.concurrency)
    place.state = { type: 'ready', worker, since: this.means.clock.now() }
    place.failures = 0
    this.#hasBeenReady = true
    this.#news.next({ type: 'worker-ready', worker })
    for (const doubted of this.places) {
      if (doubted.state.type === 'in-doubt') this.#missStart(doubted, doubted.state.error)
    }
    this.#startWaiting()
  }

  #showOut(place: WorkerPlace): void {
    const state = place.state
    if (state.type !== 'ready' && state.type !== 'starting') return
    const worker = state.type === 'ready' ? state.worker : undefined
    place.state = { type: 'stopping', worker, since: state.type === 'ready' ? state.since : this.means.clock.now() }
    if (worker) this.#news.next({ type: 'worker-leaving', worker, condition: 'leaving' })
  }

  // ---- losing

  #missStart(place: WorkerPlace, error: SnakepitError): void {
    if (this.#phase === 'stopping') {
      this.#leaveEmpty(place)
      return
    }
    if (place.state.type !== 'in-doubt') place.failures++
    place.state = { type: 'in-doubt', error }
    const verdict = afterStartFailure(
      {
        failures: place.failures,
        restarts: place.restarts,
        poolWasUp: this.#hasBeenReady,
        others: {
          ready: this.count('ready'),
          starting: this.count('starting'),
          // One that is stopping by itself is replaced, and one that waits is about to start.
          resting: this.count('resting') + this.count('stopping') + this.count('waiting'),
        },
      },
      this.rules.restart,
      this.means.random,
    )
    switch (verdict.type) {
      case 'wait-for-others':
        break
      case 'restart':
        place.restarts = verdict.restarts
        this.#restartLater(place, verdict.after, error)
        this.#startWaiting()
        break
      case 'give-up-place':
        place.state = { type: 'given-up', error }
        this.#news.next({ type: 'place-given-up', place: place.id, error })
        this.#startWaiting()
        break
      case 'give-up':
        place.state = { type: 'given-up', error }
        this.#fail(this.#hasBeenReady ? poolFailed(this.rules.name, 'no worker starts any more', error) : error)
        break
    }
  }

  #mourn(place: WorkerPlace, error: SnakepitError | undefined, cause?: unknown): void {
    const state = place.state
    if (state.type !== 'starting' && state.type !== 'ready' && state.type !== 'stopping') return
    if (state.type === 'starting' || !state.worker) {
      this.#missStart(place, error ?? workerVanished(place.id, false, cause))
      return
    }
    this.#leaveEmpty(place)
    this.#news.next({ type: 'worker-gone', worker: state.worker })
    if (this.#phase === 'stopping') return
    const now = this.means.clock.now()
    const lost = error ?? workerVanished(place.id, true, cause)
    const crash = { at: now, lived: now - state.since, restarts: place.restarts, earlier: this.#crashes }
    const verdict = afterCrash(crash, this.rules.restart, this.means.random)
    this.#crashes = verdict.crashes
    if (verdict.type === 'restart') {
      place.restarts = verdict.restarts
      this.#restartLater(place, verdict.after, lost)
    } else {
      const { maxCrashes, within } = this.rules.restart
      this.#fail(poolFailed(this.rules.name, `${maxCrashes} crashes of its workers within ${within} ms`, lost))
    }
  }

  #leaveEmpty(place: WorkerPlace): void {
    place.state = { type: 'stopped' }
  }

  // ---- stopping

  #fail(error: SnakepitError): void {
    this.#phase = 'stopping'
    this.#news.next({ type: 'roster-failed', error })
    this.#askAllToStop('pool-failed')
  }

  #askAllToStop(reason: StopReason): void {
    this.#phase = 'stopping'
    for (const place of this.places) {
      switch (place.state.type) {
        case 'starting':
        case 'ready':
          this.#showOut(place)
          place.stop$.next(reason)
          break
        case 'resting':
          place.state.alarm.unsubscribe()
          this.#leaveEmpty(place)
          break
        case 'waiting':
          this.#leaveEmpty(place)
          break
        case 'in-doubt':
          place.state = { type: 'given-up', error: place.state.error }
          break
        case 'stopping':
        case 'given-up':
        case 'stopped':
          break
      }
    }
  }
}
