// Work that several callers wait for, done once: each may leave, and only when all have left does it end.

/** What one caller brings. */
export interface Waiter<Progress> {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/** A piece of work that has begun. */
export class SharedWork<T, Progress> {
  readonly #ending = new AbortController()
  readonly #waiters = new Set<Waiter<Progress>>()
  readonly #result: Promise<T>
  #settled = false

  constructor(work: (signal: AbortSignal, onProgress: (progress: Progress) => void) => Promise<T>) {
    this.#result = work(this.#ending.signal, (progress) => {
      for (const waiter of this.#waiters) waiter.onProgress?.(progress)
    }).finally(() => {
      this.#settled = true
    })
    this.#result.catch(() => {}) // every waiter may have left; those who have not are told by `join`
  }

  /** False once nobody waits any more and it was ended before its time. */
  get joinable(): boolean {
    return !this.#ending.signal.aborted
  }

  /** The result; rejects with the caller's own reason as soon as the caller leaves. */
  async join(waiter: Waiter<Progress>): Promise<T> {
    const { signal } = waiter
    signal?.throwIfAborted()
    this.#waiters.add(waiter)
    let leave = () => {}
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(signal?.reason)
      signal?.addEventListener('abort', leave, { once: true })
    })
    try {
      return await Promise.race([this.#result, left])
    } finally {
      signal?.removeEventListener('abort', leave)
      this.#waiters.delete(waiter)
      if (this.#waiters.size === 0 && !this.#settled) this.#ending.abort(signal?.reason)
    }
  }
}
