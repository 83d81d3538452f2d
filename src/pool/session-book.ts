// The sessions of a pool as its facts tell of them.
import type { LossReason } from './departure.js'
import type { SessionFact } from './session-fact.js'

/** A session, as it is now. `worker` is the name of a place. */
export type SessionSnapshot =
  /** It has no worker yet, or may bind to another one. */
  | { readonly id: string; readonly state: 'unbound' }
  | { readonly id: string; readonly state: 'bound'; readonly worker: string; readonly incarnation: string }
  /** Its worker is gone, and it must be renewed or ended. */
  | { readonly id: string; readonly state: 'lost'; readonly worker: string; readonly because: LossReason }

/** Follows the facts. */
export class SessionBook {
  readonly #sessions = new Map<string, SessionSnapshot>()

  get size(): number {
    return this.#sessions.size
  }

  has(id: string): boolean {
    return this.#sessions.has(id)
  }

  /** The sessions, oldest first. */
  snapshot(): readonly SessionSnapshot[] {
    return [...this.#sessions.values()]
  }

  note(fact: SessionFact): void {
    const id = fact.session
    switch (fact.type) {
      case 'session-begun':
      case 'session-renewed':
        this.#sessions.set(id, { id, state: 'unbound' })
        return
      case 'session-bound': {
        const { id: worker, incarnation } = fact.worker.info
        this.#sessions.set(id, { id, state: 'bound', worker, incarnation })
        return
      }
      case 'session-lost': {
        const { worker, because, rebinds } = fact
        this.#sessions.set(
          id,
          rebinds ? { id, state: 'unbound' } : { id, state: 'lost', worker: worker.info.id, because },
        )
        return
      }
      case 'session-ended':
      case 'session-expired':
        this.#sessions.delete(id)
        return
    }
  }
}
