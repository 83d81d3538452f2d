// Facts on their way out: first the books are right, then the world is told.
import type { PoolFact } from './pool-event.js'
import type { PoolRequest } from './request.js'

/**
 * Whoever hears a fact may act on the pool at once: submit from `granted`, withdraw a neighbour from `refused`. So facts
 * are put here while the books are being changed and go out only afterwards, in order; what is caused meanwhile lines up
 * behind.
 */
export class Outbox {
  // Keyed by the request it answers, so that an answer which nobody heard yet can be taken back.
  readonly #facts = new Map<PoolRequest | PoolFact, PoolFact>()
  #emptying = false

  constructor(readonly tell: (fact: PoolFact) => void) {}

  put(fact: PoolFact): void {
    this.#facts.set(fact.type === 'granted' || fact.type === 'refused' ? fact.request : fact, fact)
  }

  /** Takes back the answer to a request, if it has not gone out yet. */
  takeBack(request: PoolRequest): PoolFact | undefined {
    const fact = this.#facts.get(request)
    this.#facts.delete(request)
    return fact
  }

  empty(): void {
    if (this.#emptying) return
    this.#emptying = true
    try {
      for (const [key, fact] of this.#facts) {
        this.#facts.delete(key)
        this.tell(fact)
      }
    } finally {
      this.#emptying = false
    }
  }
}
