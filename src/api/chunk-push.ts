// One call's chunks pushed to an RxJS subscriber, without a promise in between.
import { config, type Subscriber } from 'rxjs'
import { callersContext } from '../streams/async-context.js'
import { time } from '../time/time.js'
import type { CallRun } from './call-run.js'
import type { CallOwner } from './call-spec.js'
import type { GoodEnd, Reading } from './reading.js'

/**
 * Hands over each chunk as it arrives, within the turn of its arrival and in the context of the subscriber; a chunk counts
 * as taken when `next` returned. Nothing is buffered here: what the subscriber puts off, it buffers itself.
 */
export class ChunkPush<I> implements CallOwner {
  readonly #subscriber: Subscriber<I>
  readonly #reading: Reading<I>
  readonly #context = callersContext()
  #run: CallRun | undefined

  constructor(subscriber: Subscriber<I>, reading: Reading<I>) {
    this.#subscriber = subscriber
    this.#reading = reading
  }

  /** Begins the call; the returned function leaves it. */
  begin(start: (owner: CallOwner) => CallRun): () => void {
    try {
      const run = start(this)
      this.#run = run
      run.begin()
      return () => run.abandon()
    } catch (error) {
      this.#subscriber.error(error)
      return () => undefined
    }
  }

  arrived(): void {
    this.#context.runInAsyncScope(this.#deliver, this)
  }

  succeeded(end: GoodEnd, workerId: string): boolean {
    this.#context.runInAsyncScope(this.#complete, this, end, workerId)
    return true
  }

  failed(error: unknown, late: boolean): boolean {
    this.#context.runInAsyncScope(this.#fail, this, error, late)
    return true
  }

  #deliver(): void {
    const subscriber = this.#subscriber
    try {
      while (!subscriber.closed) {
        const chunk = this.#run?.take()
        if (chunk === undefined) return
        subscriber.next(this.#reading.item(chunk))
      }
    } catch (error) {
      this.#leave(error)
    }
  }

  #complete(end: GoodEnd, workerId: string): void {
    this.#deliver()
    if (this.#subscriber.closed) return
    try {
      const last = this.#reading.last(end, this.#run?.taken ?? 0, workerId)
      if (last !== undefined) this.#subscriber.next(last.value)
      this.#subscriber.complete()
    } catch (error) {
      this.#leave(error)
    }
  }

  #fail(error: unknown, late: boolean): void {
    if (late) this.#deliver()
    this.#tell(error)
  }

  /** A delivery that throws ends the call: nobody knows what the subscriber has made of it. */
  #leave(error: unknown): void {
    this.#run?.abandon()
    this.#tell(error)
  }

  #tell(error: unknown): void {
    try {
      this.#subscriber.error(error)
    } catch (thrown) {
      // Whoever set this off has other calls to serve.
      time.setTimeout(report, 0, thrown)
    }
  }
}

/** As RxJS reports what its observers throw. */
function report(thrown: unknown): void {
  if (config.onUnhandledError === null) throw thrown
  config.onUnhandledError(thrown)
}
