// A call that has not begun, as an AsyncIterable and an RxJS Observable in one: whichever is used makes it.
import type { ReadableStream } from 'node:stream/web'
import { Observable } from 'rxjs'
import { toReadable } from '../streams/to-readable.js'
import type { CallRun } from './call-run.js'
import type { CallOwner } from './call-spec.js'
import { ChunkIterator } from './chunk-iterator.js'
import { ChunkPush } from './chunk-push.js'
import { latest } from './latest.js'
import { mapPaced, type PaceOptions } from './map-paced.js'
import type { Reading } from './reading.js'
import type { UnreadStreams } from './unread-streams.js'

/** The calls that a stream makes. */
export interface StreamSource {
  /** Name of the tool. */
  readonly tool: string
  /** Makes a call; may throw what is wrong with its arguments. */
  start(owner: CallOwner): CallRun
  /** Told of streams that are awaited instead of read. */
  readonly unread: UnreadStreams
}

/** What the two kinds of streams, of chunks and of values, have in common. */
export class CallStream<I> extends Observable<I> implements AsyncIterable<I> {
  /** @internal */
  protected readonly calls: StreamSource
  readonly #reading: Reading<I>
  #isRead = false

  /** Made by `stream()`. */
  protected constructor(source: StreamSource, reading: Reading<I>) {
    super((subscriber) => {
      this.read()
      return new ChunkPush(subscriber, reading).begin(source.start)
    })
    this.calls = source
    this.#reading = reading
  }

  /** Begins a call at the first `next()`. `return()` cancels it at once, also while a `next()` waits. */
  [Symbol.asyncIterator](): AsyncIterableIterator<I, undefined> & AsyncDisposable {
    this.read()
    return new ChunkIterator(this.calls.start, this.#reading)
  }

  /** The same as a Web ReadableStream, read one at a time; cancelling it cancels the call. */
  toReadable(): ReadableStream<I> {
    this.read()
    return toReadable(this)
  }

  /**
   * Like `concatMap` or `mergeMap`, but with back-pressure: the next item is taken when a project has ended, so that
   * never more than `concurrency` items are under way and Python waits for the slowest of them. A project that throws or
   * rejects ends it with that error, and leaves the call.
   *
   * @param project what to do with an item
   * @param options `concurrency`: how many at once, default 1, which keeps the order
   */
  mapPaced<U>(project: (item: I) => PromiseLike<U> | U, options?: PaceOptions): Observable<U> {
    return mapPaced(this, project, options)
  }

  /** The newest item once per turn of the event loop; older ones that nobody saw are dropped. The last one never is. */
  latest(): Observable<I> {
    return latest(this)
  }

  /**
   * A stream is no promise, and may be resolved with like anything else; whoever asks is about to `await` it.
   *
   * @internal
   */
  // biome-ignore lint/suspicious/noThenProperty: it is undefined, so nothing takes the stream for a promise
  get then(): undefined {
    if (!this.#isRead) this.calls.unread.awaited(this, this.calls.tool)
    return undefined
  }

  /**
   * Somebody uses it.
   *
   * @internal
   */
  protected read(): void {
    if (this.#isRead) return
    this.#isRead = true
    this.calls.unread.read(this)
  }
}
