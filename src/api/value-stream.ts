// What `values()` gives: what the tool yielded, as an AsyncIterable and an RxJS Observable in one.
import { CallStream, type StreamSource } from './call-stream.js'
import { type Reading, values } from './reading.js'

/**
 * What a tool yields, without the chunks around it and without the final chunk that the library adds. Cold, as a
 * {@link ChunkStream} is: each `for await` and each `subscribe` is a call of its own.
 *
 * @typeParam T what the tool yields
 * @example
 * ```ts
 * for await (const { loss } of pit.stream<Epoch>('train').values()) console.log(loss)
 * pit.stream<Epoch>('train').values().pipe(map(({ loss }) => loss)).subscribe(draw)
 * ```
 */
export class ValueStream<T = unknown> extends CallStream<T> {
  /** Made by `values()`. */
  constructor(source: StreamSource) {
    super(source, values as Reading<T>)
  }
}
