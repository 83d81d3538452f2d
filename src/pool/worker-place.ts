// One place for a worker in the pool: it outlives the incarnations that take it, one after another.
import { Subject, type Subscription, type Unsubscribable } from 'rxjs'
import type { SnakepitError } from '../errors/snakepit-error.js'
import type { PoolWorker } from './pool-worker.js'

/** What goes on in a place. */
export type PlaceState =
  /** Not started yet: the batches before it come first. */
  | { readonly type: 'waiting' }
  | { readonly type: 'starting' }
  | { readonly type: 'ready'; readonly worker: PoolWorker; readonly since: number }
  /** On its way out; `worker` is undefined for one that was never ready. */
  | { readonly type: 'stopping'; readonly worker: PoolWorker | undefined; readonly since: number }
  /** Between two incarnations. */
  | { readonly type: 'resting'; readonly alarm: Unsubscribable }
  /** It did not start; what becomes of the others that are starting decides whether it is tried again. */
  | { readonly type: 'in-doubt'; readonly error: SnakepitError }
  | { readonly type: 'given-up'; readonly error: SnakepitError }
  | { readonly type: 'stopped' }

/** Why a worker is asked to stop. */
export type StopReason = 'closing' | 'pool-failed'

/** A place: its name, what goes on in it, and the record that its restarts are decided on. */
export class WorkerPlace {
  state: PlaceState = { type: 'waiting' }
  /** Restarts since a worker last was stable here. */
  restarts = 0
  /** Failed starts in a row. */
  failures = 0
  /** The incarnation that is here, or was here last. */
  life: Subscription | undefined
  /** Tells that incarnation to stop. */
  stop$ = new Subject<StopReason>()

  constructor(readonly id: string) {}
}
