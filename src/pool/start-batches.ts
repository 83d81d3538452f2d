// Starting incarnations: a few at a time, some after a rest.
import { Subject } from 'rxjs'
import type { SnakepitError } from '../errors/snakepit-error.js'
import type { WorkerEvent } from '../worker/worker-event.js'
import type { StopReason } from './departure.js'
import { Lives } from './lives.js'
import { nextToStart, type Places } from './places.js'
import type { Rest } from './restart-policy.js'
import type { PoolMeans, RosterNews, RosterRules } from './roster-news.js'
import type { WorkerPlace } from './worker-place.js'

/** Whoever listens to what is started. */
export interface Listener {
  /** True once any worker has been ready. */
  readonly hasBeenReady: boolean
  /** The incarnation that is in the place said something. */
  hear(place: WorkerPlace, said: WorkerEvent): void
  /** The Observable of the incarnation ended; after a last word this finds nobody in the place. */
  vanish(place: WorkerPlace, cause: unknown): void
  tell(news: RosterNews): void
}

/** Starts the workers whose places wait for one. */
export class StartBatches {
  readonly #lives = new Lives()
  /** True once nothing is started any more. */
  isOver = false
  /** How many took the place of one that was lost or tainted. */
  restarts = 0

  constructor(
    readonly rules: RosterRules,
    readonly means: PoolMeans,
    readonly places: Places,
    readonly listener: Listener,
  ) {}

  /** Starts those whose batch it is. */
  startWaiting(): void {
    for (let place = this.#next(); place; place = this.#next()) this.#start(place)
  }

  /** Starts a worker in this place after a rest. */
  startLater(place: WorkerPlace, { after, restarts }: Rest, error: SnakepitError | undefined): void {
    place.restarts = restarts
    const alarm = this.means.clock.after(after, () => {
      this.restarts++
      place.state = { type: 'waiting' }
      this.startWaiting()
    })
    place.state = { type: 'resting', alarm }
    this.listener.tell({ type: 'worker-restarting', place: place.id, after, error })
  }

  /** Starts nothing any more. */
  end(): void {
    this.isOver = true
  }

  /** Resolves when all that was started is gone, or when `stopLimit` has passed. */
  gone(): Promise<void> {
    return this.#lives.ended(this.means.clock, this.rules.stopLimit)
  }

  #next(): WorkerPlace | undefined {
    if (this.isOver) return undefined
    const { startBatch } = this.rules
    return nextToStart(this.places.all, { startBatch, hasBeenReady: this.listener.hasBeenReady })
  }

  #start(place: WorkerPlace): void {
    const stop$ = new Subject<StopReason>()
    place.state = { type: 'starting' }
    place.stop$ = stop$
    // An Observable may take its time to complete after its last event; its place may have been taken again by then.
    const isHere = () => place.stop$ === stop$
    this.#lives.begin(() => this.means.spawn(place.id, stop$), {
      next: (said) => isHere() && this.listener.hear(place, said),
      error: (cause) => isHere() && this.listener.vanish(place, cause),
      complete: () => isHere() && this.listener.vanish(place, undefined),
    })
  }
}
