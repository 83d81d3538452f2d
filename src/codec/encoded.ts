// Encoded values as they arrive: in one piece, or in the parts that they were cut into.

/** One encoded value, or several in a row. Parts are put together when they are decoded, not before: that copies them once. */
export type Encoded = Uint8Array | readonly Uint8Array[]

/** How many bytes it has. */
export function lengthOf(encoded: Encoded): number {
  if (encoded instanceof Uint8Array) return encoded.length
  return encoded.reduce((sum, part) => sum + part.length, 0)
}

/** The bytes from `start` on, in a buffer that holds nothing else and is nobody else's. */
export function copyFrom(encoded: Encoded, start: number): Uint8Array {
  const parts = encoded instanceof Uint8Array ? [encoded] : encoded
  const copy = new Uint8Array(lengthOf(encoded) - start)
  let offset = -start
  for (const part of parts) {
    copy.set(offset < 0 ? part.subarray(-offset) : part, Math.max(offset, 0))
    offset += part.length
  }
  return copy
}
