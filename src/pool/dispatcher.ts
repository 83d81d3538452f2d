// The books of the pool: what waits, who runs, who is bound to whom. Events change them, facts come out.
import type { SnakepitError } from '../errors/snakepit-error.js'
import { chooseWorker } from './choose-worker.js'
import type { Clock } from './clock.js'
import { Guard, type GuardRules } from './guard.js'
import type { Waiting } from './lane.js'
import { Outbox } from './outbox.js'
import type { PoolEvent, PoolFact, Reason } from './pool-event.js'
import { type LeaseReturned, PoolLease, type ReturnDesk } from './pool-lease.js'
import type { PoolWorker } from './pool-worker.js'
import { deadlinePassed, poolSaturated, refusalOf, sessionEnded, sessionQuotaExceeded } from './refusals.js'
import type { PoolRequest } from './request.js'
import { Seats } from './seats.js'
import type { Session } from './session.js'
import { type SessionRules, SessionTable } from './session-table.js'
import { taintOf } from './taint.js'
import { type Answers, sessionOf, Turns } from './turns.js'

/** What the scheduler is told once. */
export interface ScheduleRules extends SessionRules, GuardRules {
  /** How many calls may wait. */
  readonly maxQueue: number
  /** Between these the pool may grow: where they differ, it is told of the demand. */
  readonly minSize: number
  readonly maxSize: number
}

/**
 * Connects the decision, the turns, the session table and the guard.
 *
 * Each event is booked, then settled, then told: between two events no call waits that could run, and nobody hears of
 * anything while the books are half changed.
 */
export class Dispatcher implements Answers {
  readonly #seats: Seats
  readonly #turns: Turns
  readonly #sessions: SessionTable
  readonly #guard: Guard
  readonly #outbox: Outbox
  #shut: Reason | undefined
  #isCleared = false
  #demand = 0

  constructor(
    readonly rules: ScheduleRules,
    readonly clock: Clock,
    readonly desk: ReturnDesk,
    tell: (fact: PoolFact) => void,
  ) {
    const put = (fact: PoolFact) => this.#outbox.put(fact)
    this.#outbox = new Outbox(tell)
    this.#guard = new Guard(rules, put)
    this.#seats = new Seats(put, (worker, because, now) => {
      this.#sessions.forget(worker, because)
      this.#turns.unpin(worker, now)
    })
    this.#turns = new Turns(clock, this.#seats.workers, this)
    this.#sessions = new SessionTable(rules, clock, put, () => this.#outbox.empty())
  }

  /** Books one event and tells what follows from it. */
  take(event: PoolEvent): void {
    const now = this.clock.now()
    this.#book(event, now)
    this.told(now)
  }

  /** Settles what the books say now and tells it. */
  told(now: number): void {
    this.#turns.settle(now)
    this.#tellDemand()
    this.#outbox.empty()
  }

  /** Stops the timers: no call waits any more, no session expires. */
  close(): void {
    this.#turns.close()
    this.#sessions.close()
  }

  #book(event: PoolEvent, now: number): void {
    switch (event.type) {
      case 'submitted':
        this.#submit(event.request, now)
        return
      case 'withdrawn':
        this.#withdraw(event.request, now)
        return
      case 'given-up':
        this.#seats.giveUp(event.lease, now)
        return
      case 'returned':
        this.#return(event, now)
        return
      case 'worker-ready':
        this.#seats.welcome(event.worker, now)
        return
      case 'worker-sign':
        event.worker.sign = event.sign
        return
      case 'worker-leaving':
        this.#seats.showOut(event.worker, event.because, now)
        return
      case 'worker-gone':
        this.#seats.lose(event.worker, now)
        return
      case 'session-end':
        this.#endSession(event.session, now)
        return
      case 'session-renew':
        this.#sessions.renew(event.session)
        return
      case 'session-touch':
        this.#sessions.touch(event.session, now)
        return
      case 'shut':
        this.#shut = event.because
        return
      case 'cleared':
        this.#shut = event.because
        this.#isCleared = true
        this.#turns.clear(event.because, now)
        this.#sessions.close()
        return
    }
  }

  // ---- calls

  #submit(request: PoolRequest, now: number): void {
    const refusal = this.#admit(request, now)
    if (refusal) this.#outbox.put({ type: 'refused', request, error: refusal })
  }

  /** Grants the request or lets it wait; else says why not. */
  #admit(request: PoolRequest, now: number): SnakepitError | undefined {
    if (this.#shut && (this.#isCleared || request.isAccepted !== true)) return this.#shut(request)
    if (request.deadline !== undefined && request.deadline <= now) return deadlinePassed(request, 0)
    const barred = this.#guard.refusal(request, now)
    if (barred) return barred
    const ticket = request.session
    let session = ticket && this.#sessions.find(ticket.id)
    const choice = chooseWorker(request, this.#seats.workers, session?.home ?? 'none')
    if (choice.type === 'refuse') return refusalOf(request, choice.code, session)
    // A call never overtakes an earlier one of its session, even where it could run at once.
    const waits = choice.type === 'wait' || session?.calls.first !== undefined
    if (waits && this.#turns.size >= this.rules.maxQueue) return poolSaturated(request, this.rules.maxQueue)
    if (ticket && !session) {
      session = this.#sessions.begin(ticket, now)
      if (!session) return sessionQuotaExceeded(request, this.rules.maxSessions)
    }
    if (ticket && session) {
      session.calling++
      if (ticket.affinity !== 'hint') session.makeFirm()
    }
    if (waits) this.#turns.wait(request, session, now)
    else this.#grant(request, session, choice.worker, now, now)
    return undefined
  }

  #grant(request: PoolRequest, session: Session | undefined, worker: PoolWorker, since: number, now: number): void {
    if (session) this.#sessions.visit(session, worker)
    this.#seats.take(worker)
    const lease = new PoolLease(request, session, worker, now - since, now, this.desk)
    this.#guard.started(lease, now)
    this.#outbox.put({ type: 'granted', request, lease })
  }

  /** A call has waited and may run, unless something happened meanwhile that speaks against it. */
  run(call: Waiting, worker: PoolWorker, now: number): void {
    const barred = this.#guard.refusal(call.request, now)
    if (barred) this.refuse(call, barred, now)
    else this.#grant(call.request, sessionOf(call.lane), worker, call.since, now)
  }

  refuse(call: Waiting, error: SnakepitError, now: number): void {
    this.#hangUp(sessionOf(call.lane), now)
    this.#outbox.put({ type: 'refused', request: call.request, error })
  }

  #withdraw(request: PoolRequest, now: number): void {
    const left = this.#turns.leave(request)
    const unheard = left ? undefined : this.#outbox.takeBack(request)
    if (!left && !unheard) return
    this.#outbox.put({ type: 'dropped', request })
    if (left) {
      this.#hangUp(sessionOf(left.call.lane), now)
      if (left.wasFirst) this.#turns.lineUpAgain(left.call.lane, now)
    } else if (unheard?.type === 'granted') {
      this.#guard.ended(unheard.lease, { type: 'cancelled' }, now)
      this.#takeSlotBack(unheard.lease, now)
    }
  }

  #return({ lease, outcome }: LeaseReturned, now: number): void {
    this.#outbox.put({ type: 'ended', lease, outcome, ran: now - lease.since })
    this.#guard.ended(lease, outcome, now)
    // Before its slot is free for the next call.
    const taint = taintOf(outcome)
    if (taint) this.#seats.taint(lease.seat, taint, now)
    this.#takeSlotBack(lease, now)
  }

  #takeSlotBack(lease: PoolLease, now: number): void {
    this.#hangUp(lease.session, now)
    this.#seats.giveBack(lease, now)
  }

  #hangUp(session: Session | undefined, now: number): void {
    if (!session) return
    session.calling--
    session.lastUsed = now
  }

  /** A pool that can grow wants to know for how many calls. */
  #tellDemand(): void {
    const calls = this.#turns.unpinned
    if (calls === this.#demand || this.rules.minSize === this.rules.maxSize) return
    this.#demand = calls
    this.#outbox.put({ type: 'demand', calls })
  }

  #endSession(id: string, now: number): void {
    const session = this.#sessions.end(id)
    if (session) this.#turns.clearLane(session, sessionEnded, now)
  }
}
