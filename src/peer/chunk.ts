// One piece of a stream.

/** A piece of a stream that the tool yielded. */
export interface DataChunk<T = unknown> {
  /** What the tool yielded. */
  readonly data: T
  readonly isFinal: false
  /** What the tool attached to it; empty as a rule. */
  readonly metadata: Readonly<Record<string, string>>
  /** Position in the stream, from 0. */
  readonly seq: number
}

/**
 * The last piece of a stream that ended well. When the tool marked it, `data` is what it yielded. Otherwise the library
 * added it: `metadata.synthetic_final` is `'true'` and `data` is the generator's `return` value, as a rule `null`.
 * `metadata` holds `execution_time_ms`, `tool_type` and `worker_id`.
 */
export interface FinalChunk<T = unknown, R = null> {
  readonly data: T | R
  readonly isFinal: true
  readonly metadata: Readonly<Record<string, string>>
  readonly seq: number
}

/** A piece of a stream. `isFinal` tells the last one. */
export type Chunk<T = unknown, R = null> = DataChunk<T> | FinalChunk<T, R>
