// A session as the pool knows it: a lane of calls, the worker it is bound to, and its time to live.
import type { Home } from './choose-worker.js'
import type { LossReason } from './departure.js'
import type { Timed } from './due-times.js'
import { Lane } from './lane.js'
import type { PoolWorker } from './pool-worker.js'

/** The worker that a session lost, and why. */
export interface Loss {
  /** Name of its place. */
  readonly worker: string
  readonly because: LossReason
}

/** One session, from its first call to its end. */
export class Session extends Lane implements Timed {
  #home: Home<PoolWorker> = 'none'
  #isFirm = false
  /** How it last lost its worker. */
  loss: Loss | undefined
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

  /** The worker it is bound to. `gone` holds until the session is renewed or ended. */
  get home(): Home<PoolWorker> {
    return this.#home
  }

  /**
   * True once a call of it was promised its worker. Such a session never moves in silence when that worker is lost; one
   * that only ever hinted simply binds anew.
   */
  get isFirm(): boolean {
    return this.#isFirm
  }

  /** Binds it, or unbinds it. Its home knows how many firm sessions it has. */
  moveTo(home: Home<PoolWorker>): void {
    this.#bond(-1)
    this.#home = home
    this.#bond(+1)
  }

  /** A call of it was promised its worker. */
  makeFirm(): void {
    if (this.#isFirm) return
    this.#isFirm = true
    this.#bond(+1)
  }

  #bond(by: number): void {
    if (this.#isFirm && typeof this.#home === 'object') this.#home.bonds += by
  }
}
