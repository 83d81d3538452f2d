// One incarnation of a worker, as the pool keeps account of it.
import type { Liveliness } from '../worker/life-sign.js'
import type { WorkerHandle } from '../worker/worker-event.js'
import { Chain } from './chain.js'
import type { WorkerCondition, WorkerView } from './choose-worker.js'
import type { LossReason } from './departure.js'
import type { Lane } from './lane.js'

/** A worker that finished its handshake. A restart makes another one of it. */
export class PoolWorker implements WorkerView {
  /** Why it takes nothing new any more; undefined while it does. */
  departure: LossReason | undefined
  sign: Liveliness = 'responsive'
  leases = 0
  /** Those of its leases whose tool will not leave: nobody waits for them. */
  givenUp = 0
  lastUsed = 0
  /** Since when it runs nothing, where it runs nothing. */
  idleSince = 0
  /** Strict sessions that have their home here. */
  bonds = 0
  /** Lanes whose first call may run here and nowhere else. */
  readonly pinned = new Chain<Lane>()

  constructor(
    readonly handle: WorkerHandle,
    readonly concurrency: number,
  ) {}

  /** True when it runs nothing that is worth waiting for. */
  get isVacant(): boolean {
    return this.leases === this.givenUp
  }

  get condition(): WorkerCondition {
    if (this.departure === undefined) return 'ready'
    return this.departure === 'tainted' ? 'tainted' : 'leaving'
  }
}
