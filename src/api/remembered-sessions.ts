// The sessions that a program has asked for, so that asking again gives the same, and news of them finds its way.
import { time } from '../time/time.js'
import type { Session } from './session.js'

/** One that has made no call yet. */
interface Fresh {
  readonly weak: WeakRef<Session>
  /** Holds it for some time, whoever else does. */
  held: Session | undefined
  readonly heldUntil: number
}

/** Fresh sessions from which on it pays to look for those that were held long enough. */
const many = 1000

/**
 * What a session was asked for with must not depend on who still holds it: its first call may be made by its id, and its
 * hook is to be told of a loss. So a session that has begun is kept until it is over, and one that has not, for as long
 * as a session lives without a call. After that it is only remembered for as long as the program holds it.
 */
export class RememberedSessions {
  readonly #begun = new Map<string, Session>()
  readonly #fresh = new Map<string, Fresh>()
  readonly #forgotten = new FinalizationRegistry<string>((id) => {
    if (this.#fresh.get(id)?.weak.deref() === undefined) this.#fresh.delete(id)
  })
  #sweepAt = many

  get(id: string): Session | undefined {
    return this.#begun.get(id) ?? this.#fresh.get(id)?.weak.deref()
  }

  /** Remembers one whose calls have begun already. */
  addBegun(session: Session): void {
    this.#begun.set(session.id, session)
  }

  /**
   * Remembers one that was asked for.
   *
   * @param holdFor milliseconds that it is held for its first call; 0 where nothing was said that could be lost
   */
  addFresh(session: Session, holdFor: number): void {
    if (this.#fresh.size >= this.#sweepAt) this.#sweep()
    const held = holdFor > 0 ? session : undefined
    this.#fresh.set(session.id, { weak: new WeakRef(session), held, heldUntil: time.now() + holdFor })
    this.#forgotten.register(session, session.id)
  }

  /** Its first call came. */
  keep(id: string): void {
    const session = this.#fresh.get(id)?.weak.deref()
    if (session === undefined) return
    this.#fresh.delete(id)
    this.#begun.set(id, session)
  }

  /** It is over. */
  delete(id: string): void {
    this.#begun.delete(id)
    this.#fresh.delete(id)
  }

  #sweep(): void {
    const now = time.now()
    for (const fresh of this.#fresh.values()) if (fresh.heldUntil <= now) fresh.held = undefined
    this.#sweepAt = Math.max(many, 2 * this.#fresh.size)
  }
}
