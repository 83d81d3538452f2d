// All numbers of a pool in one place, kept by listening.
import type { PoolFact } from './pool-event.js'
import { countByState, type PoolStats, type WorkerSnapshot } from './pool-stats.js'
import type { PoolRequest } from './request.js'
import type { RosterNews } from './roster-news.js'
import { SessionBook, type SessionSnapshot } from './session-book.js'
import { isSessionFact } from './session-fact.js'
import { Tally } from './tally.js'
import { UpkeepTally } from './upkeep-tally.js'

/** Counts calls, sessions, and what was done to workers. */
export class Ledger {
  readonly #calls = new Tally()
  readonly #upkeep = new UpkeepTally()
  readonly #sessions = new SessionBook()

  /** Calls that are not over. */
  get open(): number {
    return this.#calls.open
  }

  /** A call came. */
  submitted(request: PoolRequest): void {
    this.#calls.submitted(request)
  }

  note(fact: PoolFact): void {
    this.#calls.note(fact)
    if (isSessionFact(fact)) this.#sessions.note(fact)
    else if (fact.type === 'tool-quarantined' || fact.type === 'breaker-changed') this.#upkeep.note(fact)
  }

  hear(news: RosterNews): void {
    this.#upkeep.hear(news)
  }

  /** The sessions that were begun and have not ended, oldest first. */
  sessions(): readonly SessionSnapshot[] {
    return this.#sessions.snapshot()
  }

  hasSession(id: string): boolean {
    return this.#sessions.has(id)
  }

  stats(workers: readonly WorkerSnapshot[], restarts: number): PoolStats {
    return {
      ...this.#calls.counts(),
      ...this.#upkeep.counts(),
      latencies: this.#calls.latencies(),
      restarts,
      workers: countByState(workers),
      sessions: this.#sessions.size,
      breakers: this.#upkeep.breakers(),
    }
  }
}
