// Who is bound to whom: the pool's table of sessions, with its quota and its sliding time to live.
import type { Clock } from './clock.js'
import type { LossReason } from './departure.js'
import { DueTimes } from './due-times.js'
import type { PoolWorker } from './pool-worker.js'
import type { SessionTicket } from './request.js'
import { Session } from './session.js'
import type { SessionFact } from './session-fact.js'

/** What the table is told once. */
export interface SessionRules {
  /** Milliseconds a session lives after its last call, unless its ticket says otherwise. */
  readonly sessionTtl: number
  /** How many sessions there may be. */
  readonly maxSessions: number
}

/** The sessions of a pool. It says what happened through `tell` and decides nothing about calls. */
export class SessionTable {
  readonly #sessions = new Map<string, Session>()
  /** The sessions that each worker ran calls of. */
  readonly #guests = new Map<PoolWorker, Set<Session>>()
  readonly #dueTimes: DueTimes<Session>

  constructor(
    readonly rules: SessionRules,
    clock: Clock,
    readonly tell: (fact: SessionFact) => void,
    /** Called when it told of sessions by itself, because their time ran out. */
    readonly told: () => void,
  ) {
    this.#dueTimes = new DueTimes(clock, (sessions) => this.#fallDue(sessions, clock.now()))
  }

  get size(): number {
    return this.#sessions.size
  }

  find(id: string): Session | undefined {
    return this.#sessions.get(id)
  }

  /** Begins a session; undefined when the quota is reached. */
  begin(ticket: SessionTicket, now: number): Session | undefined {
    if (this.#sessions.size >= this.rules.maxSessions) return undefined
    const session = new Session(ticket.id, ticket.ttl ?? this.rules.sessionTtl)
    this.#sessions.set(session.id, session)
    session.lastUsed = now
    session.dueAt = now + session.ttl
    if (session.ttl !== Infinity) this.#dueTimes.add(session)
    this.tell({ type: 'session-begun', session: session.id })
    return session
  }

  /** A call of the session goes to a worker: binds it there if it has no home to keep. */
  visit(session: Session, worker: PoolWorker): void {
    if (!session.visited.has(worker)) {
      session.visited.add(worker)
      const guests = this.#guests.get(worker)
      if (guests) guests.add(session)
      else this.#guests.set(worker, new Set([session]))
    }
    if (session.home === 'none') {
      session.moveTo(worker)
      this.tell({ type: 'session-bound', session: session.id, worker: worker.handle })
    }
  }

  /** The worker takes nothing more: its sessions lost what they kept there. */
  forget(worker: PoolWorker, because: LossReason): void {
    const guests = this.#guests.get(worker)
    if (!guests) return
    this.#guests.delete(worker)
    for (const session of guests) {
      session.visited.delete(worker)
      if (session.home !== worker) continue
      session.moveTo(session.isFirm ? 'gone' : 'none')
      session.loss = { worker: worker.handle.info.id, because }
      this.tell({
        type: 'session-lost',
        session: session.id,
        worker: worker.handle,
        because,
        rebinds: !session.isFirm,
      })
    }
  }

  /** Begins the time to live anew, as a call would. */
  touch(id: string, now: number): void {
    const session = this.#sessions.get(id)
    if (session) session.lastUsed = now
  }

  /** Lets a session whose worker is gone bind anew with its next call. */
  renew(id: string): void {
    const session = this.#sessions.get(id)
    if (session?.home !== 'gone') return
    session.moveTo('none')
    this.tell({ type: 'session-renewed', session: id })
  }

  /** Ends a session; the calls that wait in it are the caller's to refuse. */
  end(id: string): Session | undefined {
    const session = this.#sessions.get(id)
    if (session) this.#remove(session, 'session-ended')
    return session
  }

  close(): void {
    this.#dueTimes.close()
  }

  // A session is not moved about in the heap with each call. When it falls due it is asked when it was last used.
  #fallDue(sessions: readonly Session[], now: number): void {
    for (const session of sessions) {
      const expiresAt = session.calling > 0 ? now + session.ttl : session.lastUsed + session.ttl
      if (expiresAt <= now) {
        this.#remove(session, 'session-expired')
      } else {
        session.dueAt = expiresAt
        this.#dueTimes.add(session)
      }
    }
    this.told()
  }

  #remove(session: Session, type: 'session-ended' | 'session-expired'): void {
    this.#sessions.delete(session.id)
    this.#dueTimes.delete(session)
    session.moveTo('none')
    for (const worker of session.visited) this.#guests.get(worker)?.delete(session)
    this.tell({ type, session: session.id, workers: [...session.visited].map((worker) => worker.handle) })
  }
}
