// The types of what nobody gave a type.
import type { Chunk } from '../peer/chunk.js'

/**
 * What a tool gives when the call does not name a type: as with `JSON.parse`, the program knows better than the library.
 */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Untyped = any

/** What a generator returns when the call does not say: untyped where its yields are, else nothing (`null`). */
export type Returned<T> = IsAny<T> extends true ? Untyped : null

/** The chunks of a call: {@link Chunk}, and where nobody named a type, one that still knows that the last is another. */
export type ChunkOf<T, R> = IsAny<T> extends true ? Chunk<UntypedData, UntypedData> : Chunk<T, R>

/**
 * Data of chunks whose type nobody named: it may have any members, and is not the `any` that would swallow every hint.
 * `stream<Epoch>('train')` names it.
 */
export interface UntypedData {
  readonly [member: string]: Untyped
}

type IsAny<T> = 0 extends 1 & T ? true : false
