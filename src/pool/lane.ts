// Where calls wait: each session in a lane of its own, calls without a session in one together.
import { Chain, type Link } from './chain.js'
import type { Timed } from './due-times.js'
import type { PoolRequest } from './request.js'

/** A call that waits in a lane. */
export class Waiting implements Link<Waiting>, Timed {
  previous: Waiting | undefined
  next: Waiting | undefined
  heapIndex = -1
  readonly dueAt: number

  constructor(
    readonly request: PoolRequest,
    readonly lane: Lane,
    /** When it was submitted. */
    readonly since: number,
  ) {
    this.dueAt = Math.min(since + request.queueTimeout, request.deadline ?? Infinity)
  }
}

/**
 * Calls that keep their order among themselves. Lanes take turns: however many calls one of them holds, another waits
 * for one of them only.
 */
export class Lane implements Link<Lane> {
  previous: Lane | undefined
  next: Lane | undefined
  /** The lanes it takes turns with: those of one worker, or those that any worker may serve. */
  ring: Chain<Lane> | undefined
  /** Its place in the order of turns over all rings; lower comes first. */
  turn = 0
  readonly calls = new Chain<Waiting>()
  /** How many they are. */
  length = 0
}

/** The one of two lanes whose turn comes first. */
export function earlier(one: Lane | undefined, other: Lane | undefined): Lane | undefined {
  if (!one || !other) return one ?? other
  return one.turn < other.turn ? one : other
}
