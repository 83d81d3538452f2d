// What a session may be called.
import { unexpected } from '../errors/invalid-option.js'

const longestId = 256
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const controlCharacter = /[\u0000-\u001f\u007f]/

/** Texts that are told apart here must be told apart in Python too: half a character is encoded as another one. */
function isText(id: string): boolean {
  return !controlCharacter.test(id) && id.isWellFormed()
}

/** Checks a session's id. Throws `invalid_option`. */
export function checkSessionId(id: unknown): asserts id is string {
  const fits = typeof id === 'string' && id.length > 0 && id.length <= longestId && isText(id)
  if (!fits)
    throw unexpected('session', `1 to ${longestId} characters without control characters or lone surrogates`, id)
}
