// The books of the pool: what waits, who runs, who is bound to whom. Events change them, facts come out.
import type { SnakepitError } from '../errors/snakepit-error.js'
import type { Chain } from './chain.js'
import { chooseWorker, type Home, pinOf } from './choose-worker.js'
import type { Clock } from './clock.js'
import type { Lane, Waiting } from './lane.js'
import { Outbox } from './outbox.js'
import type { PoolEvent, PoolFact, Reason } from './pool-event.js'
import { type LeaseReturned, PoolLease, type ReturnDesk } from './pool-lease.js'
import type { PoolWorker } from './pool-worker.js'
import {
  deadlinePassed,
  poolSaturated,
  queueTimeout,
  sessionEnded,
  sessionQuotaExceeded,
  sessionWorkerUnavailable,
  workerBusy,
} from './refusals.js'
import type { PoolRequest } from './request.js'
import { Session } from './session.js'
import { type SessionRules, SessionTable } from './session-table.js'
import { WaitingRoom } from './waiting-room.js'

/** What the scheduler is told once. */
export interface ScheduleRules extends SessionRules {
  /** How many calls may wait. */
  readonly maxQueue: number
}

/**
 * Connects the decision, the waiting room and the session table.
 *
 * Each event is booked, then settled, then told: between two events no call waits that could run, and nobody hears of
 * anything while the books are half changed.
 */
export class Dispatcher {
  readonly #workers: PoolWorker[] = []
  readonly #room: WaitingRoom
  readonly #sessions: SessionTable
  readonly #outbox: Outbox
  #shut: Reason | undefined
  #grants = 0

  constructor(
    readonly rules: ScheduleRules,
    readonly clock: Clock,
    readonly desk: ReturnDesk,
    tell: (fact: PoolFact) => void,
  ) {
    this.#outbox = new Outbox(tell)
    this.#room = new WaitingRoom(clock, (calls) => this.#fallDue(calls))
    this.#sessions = new SessionTable(
      rules,
      clock,
      (fact) => this.#outbox.put(fact),
      () => this.#outbox.empty(),
    )
  }

  /** Books one event and tells what follows from it. */
  take(event: PoolEvent): void {
    const now = this.clock.now()
    this.#book(event, now)
    this.#settle(now)
    this.#outbox.empty()
  }

  /** Stops the timers: no call waits any more, no session expires. */
  close(): void {
    this.#room.close()
    this.#sessions.close()
  }

  #book(event: PoolEvent, now: number): void {
    switch (event.type) {
      case 'submitted':
        this.#submit(event.request, now)
        break
      case 'withdrawn':
        this.#withdraw(event.request, now)
        break
      case 'returned':
        this.#return(event, now)
        break
      case 'worker-ready':
        this.#workers.push(event.worker)
        return
      case 'worker-leaving':
        event.worker.condition = event.condition
        this.#unpin(event.worker, now)
        break
      case 'worker-gone':
        this.#lose(event.worker, now)
        break
      case 'session-end':
        this.#endSession(event.session, now)
        break
      case 'session-renew':
        this.#sessions.renew(event.session)
        break
      case 'session-touch':
        this.#sessions.touch(event.session, now)
        break
      case 'shut':
        this.#shut = event.because
        return
      case 'cleared':
        this.#shut = event.because
        this.#clear(event.because, now)
        break
    }
  }

  // ---- calls

  #submit(request: PoolRequest, now: number): void {
    const refusal = this.#admit(request, now)
    if (refusal) this.#outbox.put({ type: 'refused', request, error: refusal })
  }

  /** Grants the request or lets it wait; else says why not. */
  #admit(request: PoolRequest, now: number): SnakepitError | undefined {
    if (this.#shut) return this.#shut(request)
    if (request.deadline !== undefined && request.deadline <= now) return deadlinePassed(request, 0)
    const ticket = request.session
    let session = ticket && this.#sessions.find(ticket.id)
    const choice = chooseWorker(request, this.#workers, session?.home ?? 'none')
    if (choice.type === 'refuse') return refusalOf(request, choice.code, session?.home)
    // A call never overtakes an earlier one of its session, even where it could run at once.
    const waits = choice.type === 'wait' || session?.calls.first !== undefined
    if (waits && this.#room.size >= this.rules.maxQueue) return poolSaturated(request, this.rules.maxQueue)
    if (ticket && !session) {
      session = this.#sessions.begin(ticket, now)
      if (!session) return sessionQuotaExceeded(request, this.rules.maxSessions)
    }
    if (ticket && session) {
      session.calling++
      session.firm ||= ticket.affinity !== 'hint'
    }
    if (waits) this.#wait(request, session ?? this.#room.unbound, now)
    else this.#grant(request, session, choice.worker, now, now)
    return undefined
  }

  #wait(request: PoolRequest, lane: Lane, now: number): void {
    const isFirst = lane.calls.first === undefined
    this.#room.enter(request, lane, now)
    if (isFirst) this.#lineUp(lane, now)
  }

  #grant(request: PoolRequest, session: Session | undefined, worker: PoolWorker, since: number, now: number): void {
    if (session) this.#sessions.visit(session, worker)
    worker.leases++
    worker.lastUsed = ++this.#grants
    const lease = new PoolLease(request, session, worker, now - since, now, this.desk)
    this.#outbox.put({ type: 'granted', request, lease })
  }

  #refuse(call: Waiting, error: SnakepitError, now: number): void {
    this.#room.leave(call)
    if (call.lane instanceof Session) this.#hangUp(call.lane, now)
    this.#outbox.put({ type: 'refused', request: call.request, error })
  }

  #withdraw(request: PoolRequest, now: number): void {
    const call = this.#room.find(request)
    if (call) {
      const lane = call.lane
      const wasFirst = lane.calls.first === call
      this.#room.leave(call)
      if (lane instanceof Session) this.#hangUp(lane, now)
      this.#outbox.put({ type: 'dropped', request })
      if (wasFirst) this.#lineUpAgain(lane, now)
      return
    }
    const unheard = this.#outbox.takeBack(request)
    if (!unheard) return
    this.#outbox.put({ type: 'dropped', request })
    if (unheard.type === 'granted') this.#takeSlotBack(unheard.lease, now)
  }

  #return({ lease, outcome }: LeaseReturned, now: number): void {
    this.#outbox.put({ type: 'ended', lease, outcome, ran: now - lease.since })
    this.#takeSlotBack(lease, now)
  }

  #takeSlotBack(lease: PoolLease, now: number): void {
    if (lease.session) this.#hangUp(lease.session, now)
    lease.seat.leases--
  }

  #hangUp(session: Session, now: number): void {
    session.calling--
    session.lastUsed = now
  }

  // ---- lanes and their turns

  /** Gives the free slots to the lanes whose turn it is, until no slot is free or no call can use it. */
  #settle(now: number): void {
    for (let lane = this.#room.nextFor(this.#workers); lane; lane = this.#room.nextFor(this.#workers)) {
      this.#serve(lane, now)
    }
  }

  /** Answers the first call of a lane and sends the lane to the back. */
  #serve(lane: Lane, now: number): void {
    const call = lane.calls.first as Waiting
    this.#room.stepOut(lane)
    if (call.dueAt <= now) this.#refuse(call, overdue(call, now), now)
    else this.#answer(call, now)
    this.#lineUp(lane, now)
  }

  /** Does with a waiting call what the decision says. */
  #answer(call: Waiting, now: number): void {
    const { request, lane } = call
    const home = homeOf(lane)
    const choice = chooseWorker(request, this.#workers, home)
    if (choice.type === 'refuse') {
      this.#refuse(call, refusalOf(request, choice.code, home), now)
    } else if (choice.type === 'run') {
      this.#room.leave(call)
      this.#grant(request, lane instanceof Session ? lane : undefined, choice.worker, call.since, now)
    }
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

  /** The first call of a lane is another one now, or may go elsewhere. */
  #lineUpAgain(lane: Lane, now: number): void {
    this.#room.stepOut(lane)
    this.#lineUp(lane, now)
  }

  #fallDue(calls: readonly Waiting[]): void {
    const now = this.clock.now()
    for (const call of calls) {
      const wasFirst = call.lane.calls.first === call
      this.#refuse(call, overdue(call, now), now)
      if (wasFirst) this.#lineUpAgain(call.lane, now)
    }
    this.#settle(now)
    this.#outbox.empty()
  }

  #clear(because: Reason, now: number): void {
    for (const call of this.#room.calls) {
      this.#room.stepOut(call.lane)
      this.#refuse(call, because(call.request), now)
    }
    this.close()
  }

  // ---- workers and sessions

  #lose(worker: PoolWorker, now: number): void {
    const index = this.#workers.indexOf(worker)
    if (index < 0) return
    this.#workers.splice(index, 1)
    worker.condition = 'leaving'
    this.#sessions.forget(worker)
    this.#unpin(worker, now)
  }

  /** A worker takes nothing more: the lanes that wait for it get their answers, or another ring. */
  #unpin(worker: PoolWorker, now: number): void {
    for (let lane = worker.pinned.first; lane; lane = worker.pinned.first) this.#lineUpAgain(lane, now)
  }

  #endSession(id: string, now: number): void {
    const session = this.#sessions.end(id)
    if (!session) return
    this.#room.stepOut(session)
    for (let call = session.calls.first; call; call = session.calls.first) {
      this.#refuse(call, sessionEnded(call.request), now)
    }
  }
}

function homeOf(lane: Lane): Home<PoolWorker> {
  return lane instanceof Session ? lane.home : 'none'
}

function overdue({ request, since, dueAt }: Waiting, now: number): SnakepitError {
  const isDeadline = dueAt === request.deadline
  return isDeadline ? deadlinePassed(request, now - since) : queueTimeout(request, now - since)
}

function refusalOf(
  request: PoolRequest,
  code: 'worker_busy' | 'session_worker_unavailable',
  home: Home<PoolWorker> | undefined,
): SnakepitError {
  const worker = typeof home === 'object' ? home.handle.info.id : undefined
  return code === 'worker_busy' ? workerBusy(request, worker ?? '') : sessionWorkerUnavailable(request, worker)
}
