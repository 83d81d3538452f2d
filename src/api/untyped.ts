// The type of what nobody gave a type.

/**
 * What a tool gives when the call does not name a type: as with `JSON.parse`, the program knows better than the library.
 */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Untyped = any
