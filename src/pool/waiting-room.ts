// Everything that waits: the lanes in their order of turns, and the one timer of the queue.
import { Chain } from './chain.js'
import { isFree } from './choose-worker.js'
import type { Clock } from './clock.js'
import { DueTimes } from './due-times.js'
import { earlier, Lane, Waiting } from './lane.js'
import type { PoolWorker } from './pool-worker.js'
import type { PoolRequest } from './request.js'

/**
 * The pool's queue. Entering, leaving from anywhere and taking the next turn cost the same with one call waiting as
 * with 100 000, but for the depth of a heap.
 */
export class WaitingRoom {
  readonly #calls = new Map<PoolRequest, Waiting>()
  readonly #dueTimes: DueTimes<Waiting>
  #turns = 0
  #unpinned = 0

  /** The lane of the calls that belong to no session. */
  readonly unbound = new Lane()
  /** Lanes whose first call may run on any worker. */
  readonly anywhere = new Chain<Lane>()

  /** `fallDue` is handed the calls whose time ran out; they still wait until they are removed. */
  constructor(clock: Clock, fallDue: (calls: readonly Waiting[]) => void) {
    this.#dueTimes = new DueTimes(clock, fallDue)
  }

  /** How many calls wait. */
  get size(): number {
    return this.#calls.size
  }

  /** How many of them are in lanes that any worker may serve. */
  get unpinned(): number {
    return this.#unpinned
  }

  /** The calls that wait, oldest first. A call may leave while they are gone through. */
  get calls(): Iterable<Waiting> {
    return this.#calls.values()
  }

  find(request: PoolRequest): Waiting | undefined {
    return this.#calls.get(request)
  }

  enter(request: PoolRequest, lane: Lane, now: number): void {
    const call = new Waiting(request, lane, now)
    lane.calls.append(call)
    lane.length++
    if (lane.ring === this.anywhere) this.#unpinned++
    this.#calls.set(request, call)
    if (call.dueAt !== Infinity) this.#dueTimes.add(call)
  }

  leave(call: Waiting): void {
    const { lane } = call
    lane.calls.remove(call)
    lane.length--
    if (lane.ring === this.anywhere) this.#unpinned--
    this.#calls.delete(call.request)
    this.#dueTimes.delete(call)
  }

  /** Gives a lane its next turn, behind all the lanes of all the rings. */
  lineUp(lane: Lane, ring: Chain<Lane>): void {
    lane.ring = ring
    lane.turn = ++this.#turns
    ring.append(lane)
    if (ring === this.anywhere) this.#unpinned += lane.length
  }

  stepOut(lane: Lane): void {
    if (lane.ring === this.anywhere) this.#unpinned -= lane.length
    lane.ring?.remove(lane)
    lane.ring = undefined
  }

  /** The lane whose turn it is among those that a free worker could serve now. */
  nextFor(workers: Iterable<PoolWorker>): Lane | undefined {
    if (this.size === 0) return undefined
    let next: Lane | undefined
    for (const worker of workers) {
      if (isFree(worker)) next = earlier(next, earlier(worker.pinned.first, this.anywhere.first))
    }
    return next
  }

  close(): void {
    this.#dueTimes.close()
  }
}
