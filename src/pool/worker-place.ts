// One place for a worker in the pool: it outlives the incarnations that take it, one after another.
import { Subject, type Unsubscribable } from 'rxjs'
import type { SnakepitError } from '../errors/snakepit-error.js'
import type { OrderReason, StopReason } from './departure.js'
import type { PoolWorker } from './pool-worker.js'

/** What goes on in a place. */
export type PlaceState =
  /** Not started yet: the batches before it come first. */
  | { readonly type: 'waiting' }
  | { readonly type: 'starting' }
  | { readonly type: 'ready'; readonly worker: PoolWorker; readonly since: number }
  /** Ordered to go: it takes nothing new and finishes what it runs, until `alarm` has no more patience. */
  | {
      readonly type: 'draining'
      readonly worker: PoolWorker
      readonly since: number
      readonly order: StopOrder
      readonly alarm: Unsubscribable
    }
  /** On its way out; `worker` is undefined for one that was never ready, `order` for one that goes by itself. */
  | {
      readonly type: 'stopping'
      readonly worker: PoolWorker | undefined
      readonly since: number
      readonly order: StopOrder | undefined
    }
  /** Between two incarnations. */
  | { readonly type: 'resting'; readonly alarm: Unsubscribable }
  /** It did not start; what becomes of the others that are starting decides whether it is tried again. */
  | { readonly type: 'in-doubt'; readonly error: SnakepitError }
  | { readonly type: 'given-up'; readonly error: SnakepitError }
  | { readonly type: 'stopped' }

/** An order to one worker, while its pool lives on. */
export interface StopOrder {
  readonly because: OrderReason
  /** What becomes of its place afterwards. */
  readonly afterwards: 'refill' | 'remove'
}

/** A place: its name, what goes on in it, and the record that its restarts are decided on. */
export class WorkerPlace {
  state: PlaceState = { type: 'waiting' }
  /** Restarts since a worker last was stable here. */
  restarts = 0
  /** Failed starts in a row. */
  failures = 0
  /** The place whose worker goes when the one that is started here is ready. */
  relieves: WorkerPlace | undefined
  /** Tells the incarnation that is here to stop. */
  stop$ = new Subject<StopReason>()

  constructor(
    readonly id: string,
    /** Its number in the pool; the lowest free one is taken first. */
    readonly index: number,
  ) {}

  /** True while it counts towards the pool's size: it is nobody's relief yet, and nobody's past. */
  get isToStay(): boolean {
    const { state } = this
    if (this.relieves) return false
    return state.type === 'draining' || state.type === 'stopping' ? state.order?.afterwards !== 'remove' : true
  }

  /** True while there is an incarnation that can be told to stop and was not. */
  get isServed(): boolean {
    return this.state.type === 'starting' || this.state.type === 'ready' || this.state.type === 'draining'
  }

  /** Its worker stops from now on. Returns it if it took calls until now. */
  showOut(now: number): PoolWorker | undefined {
    const { state } = this
    switch (state.type) {
      case 'starting':
        this.state = { type: 'stopping', worker: undefined, since: now, order: undefined }
        return undefined
      case 'ready':
        this.state = { type: 'stopping', worker: state.worker, since: state.since, order: undefined }
        return state.worker
      case 'draining':
        state.alarm.unsubscribe()
        this.state = { type: 'stopping', worker: state.worker, since: state.since, order: state.order }
        return undefined
      default:
        return undefined
    }
  }

  /** Nobody comes here any more. */
  close(): void {
    const { state } = this
    if (state.type === 'resting') state.alarm.unsubscribe()
    if (state.type === 'resting' || state.type === 'waiting') this.state = { type: 'stopped' }
    if (state.type === 'in-doubt') this.state = { type: 'given-up', error: state.error }
  }
}
