// The lease as the pool keeps it: what `release` gives back, and to whom.
import type { WorkerHandle } from '../worker/worker-event.js'
import type { PoolWorker } from './pool-worker.js'
import type { Lease, LeaseOutcome, PoolRequest } from './request.js'
import type { Session } from './session.js'

/** A lease given back. */
export interface LeaseReturned {
  readonly type: 'returned'
  readonly lease: PoolLease
  readonly outcome: LeaseOutcome
}

/** A lease whose tool will not leave. */
export interface LeaseGivenUp {
  readonly type: 'given-up'
  readonly lease: PoolLease
}

/** What becomes of a lease. */
export type LeaseEvent = LeaseReturned | LeaseGivenUp

/** Where leases are given up, and given back. An RxJS `Subject` is one. */
export interface ReturnDesk {
  next(event: LeaseEvent): void
}

/** One slot of one worker incarnation, taken by one request. */
export class PoolLease implements Lease {
  #desk: ReturnDesk | undefined
  /** True once nobody waits any more for its tool to leave. */
  isGivenUp = false

  constructor(
    readonly request: PoolRequest,
    readonly session: Session | undefined,
    /** Whose slot it is. */
    readonly seat: PoolWorker,
    readonly waited: number,
    /** When it was granted. */
    readonly since: number,
    desk: ReturnDesk,
  ) {
    this.#desk = desk
  }

  get worker(): WorkerHandle {
    return this.seat.handle
  }

  giveUp(): void {
    if (this.isGivenUp) return
    this.isGivenUp = true
    this.#desk?.next({ type: 'given-up', lease: this })
  }

  release(outcome: LeaseOutcome): void {
    const desk = this.#desk
    this.#desk = undefined
    desk?.next({ type: 'returned', lease: this, outcome })
  }
}
