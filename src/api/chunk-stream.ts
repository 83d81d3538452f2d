// What `stream()` gives: an AsyncIterable of chunks and an RxJS Observable in one.
import type { Chunk } from '../peer/chunk.js'
import { CallStream, type StreamSource } from './call-stream.js'
import { chunks, type Reading } from './reading.js'
import { ValueStream } from './value-stream.js'

/**
 * A stream of chunks that has not begun: each `for await` and each `subscribe` is a call of its own, so `retry`,
 * `repeat`, `share` and `switchMap` mean what they mean in RxJS. Leaving it (`break`, `unsubscribe`, the signal) cancels
 * the Python code.
 *
 * **Back-pressure.** Iterating holds Python to the window of the call. A subscriber is handed each chunk in the turn it
 * arrives, and has taken it when its `next` returns: synchronous work holds Python back, work that is put off piles up
 * where it was put (`concatMap` buffers without bound). {@link mapPaced} and {@link latest} are the bounded ways.
 *
 * **Awaiting it does nothing**: it is no promise. Where one is awaited, and dropped without ever having been read, the
 * process is warned once (`SNAKEPIT_STREAM_UNREAD`).
 *
 * @typeParam T what the tool yields
 * @typeParam R what the tool's generator returns, as a rule nothing (`null`)
 * @typeParam C its chunks; follows from the other two
 * @example
 * ```ts
 * for await (const { loss } of pit.stream<Epoch>('train', { epochs: 10 }).values()) console.log(loss)
 * ```
 */
export class ChunkStream<T = unknown, R = null, C = Chunk<T, R>> extends CallStream<C> {
  /** Made by `stream()`. */
  constructor(source: StreamSource) {
    super(source, chunks as Reading<unknown> as Reading<C>)
  }

  /** Only what the tool yielded: the data of every chunk, without the final one that the library adds. */
  values(): ValueStream<T> {
    this.read()
    return new ValueStream(this.calls)
  }

  /**
   * Makes the call and resolves with everything that the tool yielded, as {@link values} gives it. All of it is held in
   * memory: for streams that are known to end.
   *
   * @throws as `execute` does
   */
  async toArray(): Promise<T[]> {
    const all: T[] = []
    for await (const value of this.values()) all.push(value)
    return all
  }

  /**
   * Makes the call, drops what the tool yields, and resolves with the data of its final chunk: what the generator
   * returned, or what the tool marked as final.
   *
   * @throws as `execute` does
   */
  async final(): Promise<R> {
    let data: unknown
    for await (const chunk of this as CallStream<unknown> as CallStream<Chunk<unknown, unknown>>)
      data = chunk.isFinal ? chunk.data : undefined
    return data as R
  }
}
