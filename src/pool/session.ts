// A session as the pool knows it: a lane of calls, the worker it is bound to, and its time to live.
import type { Home } from './choose-worker.js'
import type { Timed } from './due-times.js'
import { Lane } from './lane.js'
import type { PoolWorker } from './pool-worker.js'

/** One session, from its first call to its end. */
export class Session extends Lane implements Timed {
  /** The worker it is bound to. `gone` holds until the session is renewed or ended. */
  home: Home<PoolWorker> = 'none'
  /**
   * True once a call of it was promised its worker. Such a session never moves in silence when that worker is lost; one
   * that only ever hinted simply binds anew.
   */
  firm = false
  /** Calls submitted and not ended yet. It does not expire while there are any. */
  calling = 0
  /** Workers that ran a call of it and may hold state for it. */
  readonly visited = new Set<PoolWorker>()
  lastUsed = 0
  dueAt = 0
  heapIndex = -1

  constructor(
    readonly id: string,
    /** Milliseconds it lives after its last call. */
    readonly ttl: number,
  ) {
    super()
  }
}
