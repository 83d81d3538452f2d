// Calls that were accepted and are not with the scheduler: they pause before another run, or wait for their session.
import { type Observable, Subject } from 'rxjs'
import type { SnakepitError } from '../errors/snakepit-error.js'
import type { Reason } from './pool-event.js'
import type { PoolRequest } from './request.js'

/** Keeps the places of calls that come back. */
export class HeldCalls {
  readonly #calls = new Set<PoolRequest>()
  readonly #left = new Subject<void>()
  #shut: Reason | undefined
  #cleared = false

  /** One has left. */
  readonly left$: Observable<void> = this.#left.asObservable()

  get size(): number {
    return this.#calls.size
  }

  /** Keeps the place of a call; else says why not. */
  add(request: PoolRequest): SnakepitError | undefined {
    if (this.#shut !== undefined && (this.#cleared || request.isAccepted !== true)) return this.#shut(request)
    this.#calls.add(request)
    return undefined
  }

  /** It was submitted, or is over. */
  delete(request: PoolRequest): void {
    if (this.#calls.delete(request)) this.#left.next()
  }

  /** Takes no new calls; those that were accepted may come back. */
  shut(because: Reason): void {
    this.#shut = because
  }

  /** Refuses all, and whatever comes. */
  clear(because: Reason): void {
    this.#shut = because
    this.#cleared = true
    for (const request of [...this.#calls]) {
      this.delete(request)
      request.refused(because(request))
    }
  }
}
