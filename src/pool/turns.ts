// Whose turn it is: lanes take turns at the slots that are free, and every call that waits is answered.
import type { SnakepitError } from '../errors/snakepit-error.js'
import type { Chain } from './chain.js'
import { chooseWorker, type Home, pinOf } from './choose-worker.js'
import type { Clock } from './clock.js'
import type { Lane, Waiting } from './lane.js'
import type { Reason } from './pool-event.js'
import type { PoolWorker } from './pool-worker.js'
import { deadlinePassed, queueTimeout, refusalOf } from './refusals.js'
import type { PoolRequest } from './request.js'
import { Session } from './session.js'
import { WaitingRoom } from './waiting-room.js'

/** Whoever answers a call whose waiting is over; it has left the waiting room by then. */
export interface Answers {
  run(call: Waiting, worker: PoolWorker, now: number): void
  refuse(call: Waiting, error: SnakepitError, now: number): void
  /** Calls were answered because their time ran out: there is something to tell. */
  told(now: number): void
}

/** The calls that wait, and the order in which they are served. */
export class Turns {
  readonly #room: WaitingRoom
  readonly #workers: readonly PoolWorker[]
  readonly #answers: Answers

  /** `workers` are those that finished their handshake, whoever keeps the list. */
  constructor(clock: Clock, workers: readonly PoolWorker[], answers: Answers) {
    this.#workers = workers
    this.#answers = answers
    this.#room = new WaitingRoom(clock, (calls) => this.#fallDue(calls, clock.now()))
  }

  /** How many calls wait. */
  get size(): number {
    return this.#room.size
  }

  /** How many of them any worker could run. */
  get unpinned(): number {
    return this.#room.unpinned
  }

  /** Lets a call wait, in the lane of its session or among those without one. */
  wait(request: PoolRequest, session: Session | undefined, now: number): void {
    const lane = session ?? this.#room.unbound
    const isFirst = lane.calls.first === undefined
    this.#room.enter(request, lane, now)
    if (isFirst) this.#lineUp(lane, now)
  }

  /** Takes a call out that waits; undefined when it does not. Its lane is to be lined up again if it was the first. */
  leave(request: PoolRequest): { readonly call: Waiting; readonly wasFirst: boolean } | undefined {
    const call = this.#room.find(request)
    if (!call) return undefined
    const wasFirst = call.lane.calls.first === call
    this.#room.leave(call)
    return { call, wasFirst }
  }

  /** Gives the free slots to the lanes whose turn it is, until no slot is free or no call can use it. */
  settle(now: number): void {
    for (let lane = this.#room.nextFor(this.#workers); lane; lane = this.#room.nextFor(this.#workers)) {
      this.#serve(lane, now)
    }
  }

  /** A worker takes nothing more: the lanes that wait for it get their answers, or another ring. */
  unpin(worker: PoolWorker, now: number): void {
    for (let lane = worker.pinned.first; lane; lane = worker.pinned.first) this.lineUpAgain(lane, now)
  }

  /** The first call of a lane is another one now, or may go elsewhere. */
  lineUpAgain(lane: Lane, now: number): void {
    this.#room.stepOut(lane)
    this.#lineUp(lane, now)
  }

  /** Refuses everything in one lane. */
  clearLane(lane: Lane, because: Reason, now: number): void {
    this.#room.stepOut(lane)
    for (let call = lane.calls.first; call; call = lane.calls.first) this.#refuse(call, because(call.request), now)
  }

  /** Refuses everything, oldest first, and stops the timer. */
  clear(because: Reason, now: number): void {
    for (const call of this.#room.calls) {
      this.#room.stepOut(call.lane)
      this.#refuse(call, because(call.request), now)
    }
    this.close()
  }

  close(): void {
    this.#room.close()
  }

  /** Answers the first call of a lane and sends the lane to the back. */
  #serve(lane: Lane, now: number): void {
    const call = lane.calls.first as Waiting
    this.#room.stepOut(lane)
    this.#answer(call, now)
    this.#lineUp(lane, now)
  }

  /** Does with a waiting call what the decision says; one whose time has run out unnoticed does not run any more. */
  #answer(call: Waiting, now: number): void {
    if (call.dueAt <= now) {
      this.#refuse(call, overdue(call, now), now)
      return
    }
    const choice = chooseWorker(call.request, this.#workers, homeOf(call.lane))
    if (choice.type === 'refuse') {
      this.#refuse(call, refusalOf(call.request, choice.code, sessionOf(call.lane)), now)
    } else if (choice.type === 'run') {
      this.#room.leave(call)
      this.#answers.run(call, choice.worker, now)
    }
  }

  #refuse(call: Waiting, error: SnakepitError, now: number): void {
    this.#room.leave(call)
    this.#answers.refuse(call, error, now)
  }

  /** Puts a lane where its first call may be served from. Calls that must not wait there are answered on the way. */
  #lineUp(lane: Lane, now: number): void {
    for (let call = lane.calls.first; call; call = lane.calls.first) {
      const ring = this.#ringOf(call)
      if (ring) {
        this.#room.lineUp(lane, ring)
        return
      }
      this.#answer(call, now)
    }
  }

  /** The lanes that the lane of this call takes turns with; undefined for a call that does not wait for its worker. */
  #ringOf({ request, lane }: Waiting): Chain<Lane> | undefined {
    const pin = pinOf(request, homeOf(lane))
    if (pin === undefined) return this.#room.anywhere
    const waits = pin !== 'gone' && pin.condition === 'ready' && request.session?.affinity === 'strict_queue'
    return waits ? pin.pinned : undefined
  }

  #fallDue(calls: readonly Waiting[], now: number): void {
    for (const call of calls) {
      const wasFirst = call.lane.calls.first === call
      this.#refuse(call, overdue(call, now), now)
      if (wasFirst) this.lineUpAgain(call.lane, now)
    }
    this.#answers.told(now)
  }
}

/** The session whose lane it is; undefined for the lane of the calls without one. */
export function sessionOf(lane: Lane): Session | undefined {
  return lane instanceof Session ? lane : undefined
}

function homeOf(lane: Lane): Home<PoolWorker> {
  return sessionOf(lane)?.home ?? 'none'
}

function overdue({ request, since, dueAt }: Waiting, now: number): SnakepitError {
  const isDeadline = dueAt === request.deadline
  return isDeadline ? deadlinePassed(request, now - since) : queueTimeout(request, now - since)
}
