// What is handed on to tools beside their arguments: small texts by name.
import { readOnce, unexpected } from '../errors/invalid-option.js'
import { metadataBytes } from '../peer/metadata-bytes.js'

/** Most bytes of names and values together. What is larger is data: it belongs among the arguments. */
const mostBytes = 64 * 1024

/** A copy of the metadata, checked. Throws `invalid_option`. */
export function readMetadata(metadata: unknown): Readonly<Record<string, string>> {
  if (!isPlain(metadata)) throw unexpected('metadata', 'an object of texts', metadata)
  const texts = readOnce('metadata', metadata)
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value !== 'string') throw unexpected(`metadata.${key}`, 'a text', value)
    if (!key.isWellFormed() || !value.isWellFormed()) {
      throw unexpected('metadata', 'an object of texts without lone surrogates', { [key]: value })
    }
  }
  const bytes = metadataBytes(texts)
  if (bytes > mostBytes) {
    throw unexpected('metadata', `at most ${mostBytes} bytes of names and values together`, bytes)
  }
  return texts
}

/** True for `{ … }`, of this realm or another one. */
function isPlain(value: unknown): value is Record<string, string> {
  if (typeof value !== 'object' || value === null) return false
  try {
    const prototype: unknown = Object.getPrototypeOf(value)
    return prototype === null || Object.getPrototypeOf(prototype) === null
  } catch {
    return false
  }
}
