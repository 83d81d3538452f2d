// An AsyncIterable whose values a test gives, that counts what is asked of it and can be left while it is silent.

type Step<T> = { readonly value: T } | { readonly error: unknown } | 'done'

/** One iteration only; `return()` settles a waiting `next()`, as the library's own iterators do. */
export class ScriptedIterator<T> implements AsyncIterableIterator<T, undefined> {
  /** How often an iteration began, a value was asked for, and the iteration was left. */
  begun = 0
  pulled = 0
  returned = 0
  readonly #steps: Step<T>[] = []
  readonly #waiters: { resolve: (result: IteratorResult<T, undefined>) => void; reject: (error: unknown) => void }[] =
    []

  give(value: T): void {
    this.#steps.push({ value })
    this.#serve()
  }

  fail(error: unknown): void {
    this.#steps.push({ error })
    this.#serve()
  }

  finish(): void {
    this.#steps.push('done')
    this.#serve()
  }

  next(): Promise<IteratorResult<T, undefined>> {
    this.pulled++
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject })
      this.#serve()
    })
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.returned++
    this.finish()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    this.begun++
    return this
  }

  #serve(): void {
    while (this.#waiters.length > 0) {
      const step = this.#steps[0]
      if (step === undefined) return
      const waiter = this.#waiters.shift()
      if (step === 'done') {
        waiter?.resolve({ done: true, value: undefined })
        continue
      }
      this.#steps.shift()
      if ('error' in step) waiter?.reject(step.error)
      else waiter?.resolve({ done: false, value: step.value })
    }
  }
}
