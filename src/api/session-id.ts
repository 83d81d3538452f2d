// What a session may be called.
import { unexpected } from '../errors/invalid-option.js'

const longestId = 256
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const controlCharacter = /[\u0000-\u001f\u007f]/

/** Checks a session's id. Throws `invalid_option`. */
export function checkSessionId(id: unknown): asserts id is string {
  const fits = typeof id === 'string' && id.length > 0 && id.length <= longestId && !controlCharacter.test(id)
  if (!fits) throw unexpected('session', `1 to ${longestId} characters without control characters`, id)
}
