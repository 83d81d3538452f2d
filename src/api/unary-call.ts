// A call for one value, as a promise.
import { decodeValue } from '../codec/msgpack.js'
import { CallRun } from './call-run.js'
import type { CallOwner, CallPool, CallSpec } from './call-spec.js'
import type { GoodEnd } from './reading.js'

/** Runs a call to its end. Rejects with the typed error, or with the reason of the signal. */
export function runToEnd(pool: CallPool, spec: CallSpec): Promise<unknown> {
  return new Promise((resolve, reject) => {
    new CallRun(pool, spec, new Settle(resolve, reject)).begin()
  })
}

class Settle implements CallOwner {
  readonly #resolve: (value: unknown) => void
  readonly #reject: (error: unknown) => void

  constructor(resolve: (value: unknown) => void, reject: (error: unknown) => void) {
    this.#resolve = resolve
    this.#reject = reject
  }

  arrived(): void {
    // A call without a window has no items.
  }

  succeeded({ value }: GoodEnd): boolean {
    try {
      this.#resolve(decodeValue(value))
    } catch (error) {
      this.#reject(error)
    }
    return true
  }

  failed(error: unknown): boolean {
    this.#reject(error)
    return true
  }
}
