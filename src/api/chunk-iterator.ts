// One call's chunks as an AsyncIterator, written by hand: the hot path of every stream.
import type { CallRun } from './call-run.js'
import type { CallOwner } from './call-spec.js'
import type { GoodEnd, Reading } from './reading.js'

type Result<I> = IteratorResult<I, undefined>
type Waiter<I> = { readonly resolve: (result: Result<I>) => void; readonly reject: (error: unknown) => void }

/** How the call ended, and what is still to be said about it. */
type Ending =
  | { readonly type: 'ok'; readonly end: GoodEnd; readonly workerId: string }
  | { readonly type: 'failed'; readonly error: unknown }
  | { readonly type: 'over' }

const over: Ending = { type: 'over' }
const done: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })

/** Begins its call at the first `next()`. `return()` cancels at once, also while a `next()` waits. */
export class ChunkIterator<I> implements AsyncIterableIterator<I, undefined>, AsyncDisposable, CallOwner {
  readonly #start: (owner: CallOwner) => CallRun
  readonly #reading: Reading<I>
  #run: CallRun | undefined
  #waiters: Waiter<I>[] = []
  #ending: Ending | undefined

  /** @param start makes the call; may throw what is wrong with its arguments */
  constructor(start: (owner: CallOwner) => CallRun, reading: Reading<I>) {
    this.#start = start
    this.#reading = reading
  }

  next(): Promise<Result<I>> {
    if (this.#waiters.length === 0) {
      const chunk = this.#run?.take()
      if (chunk !== undefined) return Promise.resolve({ done: false, value: this.#reading.item(chunk) })
    }
    return this.#wait()
  }

  return(): Promise<Result<I>> {
    const run = this.#run
    this.#ending = over
    run?.abandon()
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(done)
    this.#run = undefined
    return Promise.resolve(done)
  }

  throw(error?: unknown): Promise<Result<I>> {
    void this.return()
    return Promise.reject(error)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  arrived(): void {
    while (this.#waiters.length > 0) {
      const chunk = this.#run?.take()
      if (chunk === undefined) return
      this.#waiters.shift()?.resolve({ done: false, value: this.#reading.item(chunk) })
    }
  }

  succeeded(end: GoodEnd, workerId: string): boolean {
    this.#ending ??= { type: 'ok', end, workerId }
    return this.#serveEnding()
  }

  failed(error: unknown, late: boolean): boolean {
    if (late) {
      this.#ending ??= { type: 'failed', error }
    } else {
      // An abort or a timeout speaks before what has arrived and was not taken.
      this.#run = undefined
      this.#ending = { type: 'failed', error }
    }
    return this.#serveEnding()
  }

  #wait(): Promise<Result<I>> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject })
      if (this.#ending !== undefined) this.#serveEnding()
      else if (this.#run === undefined) this.#begin()
    })
  }

  #begin(): void {
    try {
      this.#run = this.#start(this)
      this.#run.begin()
    } catch (error) {
      this.failed(error, false)
    }
  }

  /** Gives waiting readers what is left: items, then the end, then nothing for ever. True when the end was told. */
  #serveEnding(): boolean {
    this.arrived()
    for (let waiter = this.#waiters.shift(); waiter !== undefined; waiter = this.#waiters.shift()) {
      const ending = this.#ending
      this.#ending = over
      this.#run?.told()
      if (ending?.type === 'failed') waiter.reject(ending.error)
      else if (ending?.type === 'ok') this.#serveFinal(waiter, ending)
      else waiter.resolve(done)
    }
    return this.#ending === over
  }

  #serveFinal(waiter: Waiter<I>, { end, workerId }: Extract<Ending, { type: 'ok' }>): void {
    try {
      waiter.resolve(this.#reading.last(end, this.#run?.taken ?? 0, workerId) ?? done)
    } catch (error) {
      waiter.reject(error)
    }
  }
}
