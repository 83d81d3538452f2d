// The sessions that a program has asked for, so that asking again gives the same, and news of them finds its way.
import type { Session } from './session.js'

/**
 * Sessions that have begun are kept until they are over: what they want to be told of a loss must not depend on who still
 * holds them. One that never made a call is only remembered for as long as the program holds it.
 */
export class RememberedSessions {
  readonly #begun = new Map<string, Session>()
  readonly #fresh = new Map<string, WeakRef<Session>>()
  readonly #forgotten = new FinalizationRegistry<string>((id) => {
    if (this.#fresh.get(id)?.deref() === undefined) this.#fresh.delete(id)
  })

  get(id: string): Session | undefined {
    return this.#begun.get(id) ?? this.#fresh.get(id)?.deref()
  }

  /** Remembers one that was asked for. */
  add(session: Session): void {
    this.#fresh.set(session.id, new WeakRef(session))
    this.#forgotten.register(session, session.id)
  }

  /** Its first call came. */
  keep(id: string): void {
    const session = this.#fresh.get(id)?.deref()
    if (session === undefined) return
    this.#fresh.delete(id)
    this.#begun.set(id, session)
  }

  /** It is over. */
  delete(id: string): void {
    this.#begun.delete(id)
    this.#fresh.delete(id)
  }
}
