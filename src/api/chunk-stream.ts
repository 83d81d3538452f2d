// What `stream()` gives: an AsyncIterable of chunks and an RxJS Observable in one.
import type { ReadableStream } from 'node:stream/web'
import { Observable } from 'rxjs'
import type { Chunk } from '../peer/chunk.js'
import { toReadable } from '../streams/to-readable.js'
import type { CallRun } from './call-run.js'
import type { CallOwner } from './call-spec.js'
import { ChunkIterator } from './chunk-iterator.js'
import { ChunkPush } from './chunk-push.js'
import { latest } from './latest.js'
import { mapPaced, type PaceOptions } from './map-paced.js'

/**
 * A stream of chunks that has not begun: each `for await` and each `subscribe` is a call of its own, so `retry`,
 * `repeat`, `share` and `switchMap` mean what they mean in RxJS. Leaving it (`break`, `unsubscribe`, the signal) cancels
 * the Python code.
 *
 * **Back-pressure.** Iterating holds Python to the window of the call. A subscriber is handed each chunk in the turn it
 * arrives, and has taken it when its `next` returns: synchronous work holds Python back, work that is put off piles up
 * where it was put (`concatMap` buffers without bound). {@link mapPaced} and {@link latest} are the bounded ways.
 *
 * @typeParam T what the tool yields
 * @typeParam R what the tool's generator returns, as a rule nothing (`null`)
 * @example
 * ```ts
 * for await (const { loss } of pit.stream<Epoch>('train', { epochs: 10 }).values()) console.log(loss)
 * ```
 */
export class ChunkStream<T = unknown, R = null> extends Observable<Chunk<T, R>> implements AsyncIterable<Chunk<T, R>> {
  readonly #start: (owner: CallOwner) => CallRun

  /** Made by `stream()`. */
  constructor(start: (owner: CallOwner) => CallRun) {
    super((subscriber) => new ChunkPush(subscriber as never).begin(start))
    this.#start = start
  }

  /** Begins a call at the first `next()`. `return()` cancels it at once, also while a `next()` waits. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Chunk<T, R>, undefined> & AsyncDisposable {
    return new ChunkIterator(this.#start) as unknown as AsyncIterableIterator<Chunk<T, R>, undefined> & AsyncDisposable
  }

  /** Only what the tool yielded: the data of every chunk, without the final one that the library adds. */
  values(): AsyncIterable<T> {
    return { [Symbol.asyncIterator]: () => new DataIterator<T>(new ChunkIterator(this.#start)) }
  }

  /** The chunks as a Web ReadableStream, read one at a time; cancelling it cancels the call. */
  toReadable(): ReadableStream<Chunk<T, R>> {
    return toReadable(this)
  }

  /**
   * Like `concatMap` or `mergeMap`, but with back-pressure: the next chunk is taken when a project has ended, so that
   * never more than `concurrency` chunks are under way and Python waits for the slowest of them.
   *
   * @param project what to do with a chunk
   * @param options `concurrency`: how many at once, default 1, which keeps the order
   */
  mapPaced<U>(project: (chunk: Chunk<T, R>) => PromiseLike<U> | U, options?: PaceOptions): Observable<U> {
    return mapPaced(this, project, options)
  }

  /** The newest chunk once per turn of the event loop; older ones that nobody saw are dropped. The final one never is. */
  latest(): Observable<Chunk<T, R>> {
    return latest(this)
  }
}

/** The data of chunks, with no promise of its own on top. */
class DataIterator<T> implements AsyncIterableIterator<T, undefined> {
  readonly #chunks: ChunkIterator

  constructor(chunks: ChunkIterator) {
    this.#chunks = chunks
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return this.#chunks.next().then(dataOf) as Promise<IteratorResult<T, undefined>>
  }

  return(): Promise<IteratorResult<T, undefined>> {
    return this.#chunks.return() as Promise<IteratorResult<T, undefined>>
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

function dataOf(result: IteratorResult<Chunk<unknown, unknown>, undefined>): IteratorResult<unknown, undefined> {
  if (result.done === true) return result
  const { data, isFinal, metadata } = result.value
  return isFinal && metadata.synthetic_final === 'true'
    ? { done: true, value: undefined }
    : { done: false, value: data }
}
