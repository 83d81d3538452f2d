// One incarnation of a worker, as the pool keeps account of it.
import type { WorkerHandle } from '../worker/worker-event.js'
import { Chain } from './chain.js'
import type { WorkerCondition, WorkerView } from './choose-worker.js'
import type { Lane } from './lane.js'

/** A worker that finished its handshake. A restart makes another one of it. */
export class PoolWorker implements WorkerView {
  condition: WorkerCondition = 'ready'
  leases = 0
  lastUsed = 0
  /** Lanes whose first call may run here and nowhere else. */
  readonly pinned = new Chain<Lane>()

  constructor(
    readonly handle: WorkerHandle,
    readonly concurrency: number,
  ) {}
}
