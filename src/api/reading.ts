// What of a call is handed to its reader: its chunks, or only what the tool yielded.
import { decodeValue } from '../codec/msgpack.js'
import type { CallEnd } from '../peer/call-end.js'
import type { Chunk, DataChunk } from '../peer/chunk.js'
import { finalChunk } from './final-chunk.js'

/** How a call ends well. */
export type GoodEnd = Extract<CallEnd, { type: 'ok' }>

/** A way to read a call. */
export interface Reading<I> {
  /** What a chunk is for this reader. */
  item(chunk: DataChunk): I
  /**
   * What the end of the call is for this reader; undefined when it is nothing but the end.
   *
   * @param seq how many chunks came before it
   */
  last(end: GoodEnd, seq: number, workerId: string): IteratorYieldResult<I> | undefined
}

/** Every chunk, the final one included. */
export const chunks: Reading<Chunk<unknown, unknown>> = {
  item: (chunk) => chunk,
  last: (end, seq, workerId) => ({ done: false, value: finalChunk(end, seq, workerId) }),
}

/** What the tool yielded. A final chunk that the library adds is no yield; one that the tool marked is. */
export const values: Reading<unknown> = {
  item: (chunk) => chunk.data,
  last: (end) => (end.marked ? { done: false, value: decodeValue(end.value) } : undefined),
}
