// An Observable as an AsyncIterable, with a buffer that has a bound and a policy that has a name.
import { type Observable, Subject, takeUntil } from 'rxjs'
import { refuseUnknown, unexpected, wholeNumber } from '../errors/invalid-option.js'
import { SnakepitError } from '../errors/snakepit-error.js'

/** What happens to a value for which the buffer has no room. */
export type OverflowPolicy = 'error' | 'drop-oldest' | 'drop-newest'

/** How values wait between an Observable and a reader that is slower. */
export interface BufferOptions {
  /** What happens when the buffer is full: the iteration fails with `overflow`, or a value is dropped. */
  readonly overflow: OverflowPolicy
  /** How many values may wait. From 1 up. @default 256 */
  readonly limit?: number
}

const policies: readonly string[] = ['error', 'drop-oldest', 'drop-newest'] satisfies OverflowPolicy[]

/**
 * Reads an Observable with `for await`. An Observable does not wait for its readers, so the caller says what happens
 * when this one falls behind. Subscribes at the first `next()`; leaving the loop unsubscribes.
 *
 * @throws SnakepitError `overflow` while iterating, under the policy `error`; `invalid_option` at the call
 * @example
 * ```ts
 * const losses = pit.stream('train').pipe(map((chunk) => chunk.data), bufferCount(10))
 * for await (const ten of toAsyncIterable(losses, { overflow: 'drop-oldest', limit: 8 })) await draw(ten)
 * ```
 */
export function toAsyncIterable<T>(source: Observable<T>, options: BufferOptions): AsyncIterable<T> {
  refuseUnknown(options, ['overflow', 'limit'], 'toAsyncIterable')
  const { overflow, limit = 256 } = options
  if (!policies.includes(overflow)) throw unexpected('overflow', `one of ${policies.join(', ')}`, overflow)
  wholeNumber('limit', limit, 1)
  return { [Symbol.asyncIterator]: () => new BufferedIterator(source, overflow, limit) }
}

type Waiter<T> = { resolve: (result: IteratorResult<T>) => void; reject: (error: unknown) => void }
type End = { readonly type: 'complete' } | { readonly type: 'error'; readonly error: unknown }

class BufferedIterator<T> implements AsyncIterator<T> {
  readonly #source: Observable<T>
  readonly #overflow: OverflowPolicy
  readonly #limit: number
  #values: T[] = []
  #waiters: Waiter<T>[] = []
  #end: End | undefined
  #subscribed = false
  // Not the subscription: a source that emits while it is subscribed to must be stopped before there is one.
  readonly #stop = new Subject<void>()

  constructor(source: Observable<T>, overflow: OverflowPolicy, limit: number) {
    this.#source = source
    this.#overflow = overflow
    this.#limit = limit
  }

  next(): Promise<IteratorResult<T>> {
    this.#subscribe()
    if (this.#values.length > 0) return Promise.resolve({ done: false, value: this.#values.shift() as T })
    if (this.#end === undefined) return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }))
    const end = this.#end
    this.#end = { type: 'complete' }
    return end.type === 'error' ? Promise.reject(end.error) : Promise.resolve(done)
  }

  return(): Promise<IteratorResult<T>> {
    this.#values = []
    this.#finish({ type: 'complete' })
    return Promise.resolve(done)
  }

  #subscribe(): void {
    if (this.#subscribed || this.#end !== undefined) return
    this.#subscribed = true
    this.#source.pipe(takeUntil(this.#stop)).subscribe({
      next: (value) => this.#take(value),
      error: (error: unknown) => this.#finish({ type: 'error', error }),
      complete: () => this.#finish({ type: 'complete' }),
    })
  }

  #take(value: T): void {
    if (this.#end !== undefined) return
    const waiter = this.#waiters.shift()
    if (waiter !== undefined) return waiter.resolve({ done: false, value })
    if (this.#values.length < this.#limit) {
      this.#values.push(value)
    } else if (this.#overflow === 'drop-oldest') {
      this.#values.shift()
      this.#values.push(value)
    } else if (this.#overflow === 'error') {
      const message = `the reader fell more than ${this.#limit} values behind: read faster, raise \`limit\`, or choose to drop`
      this.#finish({
        type: 'error',
        error: new SnakepitError('overflow', message, { details: { limit: this.#limit } }),
      })
    }
  }

  #finish(end: End): void {
    if (this.#end !== undefined) return
    this.#end = end
    this.#stop.next()
    const [first, ...others] = this.#waiters.splice(0)
    if (first === undefined) return
    if (end.type === 'error') first.reject(end.error)
    else first.resolve(done)
    for (const other of others) other.resolve(done)
    this.#end = { type: 'complete' }
  }
}

const done: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })
