// What the roster is told, what it needs, and what it tells.
import type { Observable } from 'rxjs'
import type { SnakepitError } from '../errors/snakepit-error.js'
import type { WorkerEvent, WorkerHandle } from '../worker/worker-event.js'
import type { BarrierRules } from './barrier.js'
import type { Clock } from './clock.js'
import type { OrderReason, StopReason } from './departure.js'
import type { WorkerNews } from './pool-event.js'
import type { RestartRules } from './restart-policy.js'

/**
 * Makes one incarnation of a worker. Subscribing starts the process. When `stop$` emits, the worker walks the stop
 * ladder, reports every rung, and completes after `exited` (`start-failed` if it was not ready yet). Unsubscribing walks
 * the ladder too, unheard.
 */
export type Spawn = (id: string, stop$: Observable<StopReason>) => Observable<WorkerEvent>

/** What the pool reaches out to; tests bring their own. */
export interface PoolMeans {
  readonly spawn: Spawn
  readonly clock: Clock
  /** A number from 0 up to 1. */
  readonly random: () => number
  /** Bytes resident of a worker's Python process; undefined where nobody knows. */
  readonly memoryOf: (handle: WorkerHandle) => number | undefined
}

/** What the roster is told once. */
export interface RosterRules {
  /** The pool's name; its workers are `name-0`, `name-1` and so on. */
  readonly name: string
  /** How many workers there are at first. */
  readonly size: number
  /** How many may be starting at a time. */
  readonly startBatch: number
  /** Calls that one worker runs at a time. */
  readonly concurrency: number
  readonly restart: RestartRules
  /** What keeps calls that kill workers from the others; false for nothing. */
  readonly barrier: BarrierRules | false
  /** Milliseconds that a worker which is ordered to go may take for what it runs. */
  readonly workerDrain: number
  /** Milliseconds to wait for stopped workers to be gone before their Observables are left. */
  readonly stopLimit: number
}

/** Why there is one place less; `relief_failed`: no other worker starts, and the one that was to be recycled stays. */
export type RemovalReason = OrderReason | 'crashed' | 'relief_failed'

/** What the roster tells. */
export type RosterNews =
  | WorkerNews
  /** What a worker said, word for word. */
  | { readonly type: 'worker-event'; readonly event: WorkerEvent }
  /** A worker is replaced after a rest of `after` milliseconds; `error` is what ended it, undefined for an order. */
  | {
      readonly type: 'worker-restarting'
      readonly place: string
      readonly after: number
      readonly error: SnakepitError | undefined
    }
  /** There is one more place: because the pool grows, or to relieve another one that is recycled. */
  | { readonly type: 'place-added'; readonly place: string; readonly because: 'scaled_up' | 'recycling' }
  | { readonly type: 'place-removed'; readonly place: string; readonly because: RemovalReason }
  /** A place stays empty: its worker failed to start too often. */
  | { readonly type: 'place-given-up'; readonly place: string; readonly error: SnakepitError }
  /** There will be no workers any more; those left are being stopped. */
  | { readonly type: 'roster-failed'; readonly error: SnakepitError }
