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

/**
 * A piece of a stream. Look at `isFinal` before you look into `data`: the last one carries what the generator returned,
 * as a rule `null`. TypeScript holds to that, and names {@link CheckIsFinalOrUseValues} where it was forgotten.
 *
 * @example
 * ```ts
 * if (!chunk.isFinal) console.log(chunk.data.loss)
 * ```
 */
export type Chunk<T = unknown, R = null> = DataChunk<T> | FinalChunk<T, R> | ChunkOfEitherKind

/**
 * What stands beside the data of a chunk until `isFinal` was looked at. If TypeScript says that a property does not exist
 * on it: the chunk may be the final one, whose data is no yield. Ask `if (!chunk.isFinal)` first, or read
 * `stream.values()`, which gives only what was yielded.
 */
export interface CheckIsFinalOrUseValues {
  readonly [checkIsFinalOrUseValues]: never
}

declare const checkIsFinalOrUseValues: unique symbol

/** No chunk is of this kind: it keeps the hint in the union, and goes as soon as `isFinal` is looked at. */
interface ChunkOfEitherKind {
  readonly data: CheckIsFinalOrUseValues
  readonly isFinal: never
  readonly metadata: Readonly<Record<string, string>>
  readonly seq: number
}
