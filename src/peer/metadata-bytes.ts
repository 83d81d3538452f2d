// What metadata weighs on the wire.

/** Bytes of the names and values, encoded; nothing is counted for what keeps them apart. */
export function metadataBytes(metadata: Readonly<Record<string, string>> | undefined): number {
  let bytes = 0
  for (const key in metadata) bytes += Buffer.byteLength(key) + Buffer.byteLength(metadata[key] as string)
  return bytes
}
