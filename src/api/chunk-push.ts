// One call's chunks pushed to an RxJS subscriber, without a promise in between.
import type { Subscriber } from 'rxjs'
import type { CallEnd } from '../peer/call-end.js'
import type { Chunk } from '../peer/chunk.js'
import type { CallRun } from './call-run.js'
import type { CallOwner } from './call-spec.js'
import { finalChunk } from './final-chunk.js'

/**
 * Hands over each chunk as it arrives, within the turn of its arrival; a chunk counts as taken when `next` returned.
 * Nothing is buffered here: what the subscriber puts off, it buffers itself.
 */
export class ChunkPush implements CallOwner {
  readonly #subscriber: Subscriber<Chunk<unknown, unknown>>
  #run: CallRun | undefined

  constructor(subscriber: Subscriber<Chunk<unknown, unknown>>) {
    this.#subscriber = subscriber
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
    const subscriber = this.#subscriber
    while (!subscriber.closed) {
      const chunk = this.#run?.take()
      if (chunk === undefined) return
      subscriber.next(chunk)
    }
  }

  succeeded(end: Extract<CallEnd, { type: 'ok' }>, workerId: string): boolean {
    this.arrived()
    try {
      this.#subscriber.next(finalChunk(end, this.#run?.taken ?? 0, workerId))
      this.#subscriber.complete()
    } catch (error) {
      this.#subscriber.error(error)
    }
    return true
  }

  failed(error: unknown, late: boolean): boolean {
    if (late) this.arrived()
    this.#subscriber.error(error)
    return true
  }
}
