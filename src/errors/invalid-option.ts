// The sentences for options that cannot be taken: what was expected, and what came.
import { describe, listed, nearest, shorten } from './expectation.js'
import { SnakepitError } from './snakepit-error.js'

/** An option has a value that it cannot have. */
export function unexpected(name: string, expectation: string, value: unknown, cause?: unknown): SnakepitError {
  return new SnakepitError('invalid_option', `expected \`${name}\` to be ${expectation}, got ${describe(value)}`, {
    details: { option: name, value },
    cause,
  })
}

/**
 * Each option as it is now: one that says something else when it is asked again is not asked again. Throws
 * `invalid_option` for what is no object, or cannot be read.
 */
export function readOnce<T extends object>(name: string, options: T): T {
  if (typeof options !== 'object' || options === null) throw unexpected(name, 'an object', options)
  try {
    return { ...options }
  } catch (cause) {
    throw unexpected(name, 'an object that can be read', options, cause)
  }
}

/** Refuses names that no option has. Throws `invalid_option` with the name that was probably meant. */
export function refuseUnknown(options: object, known: readonly string[], where: string): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const meant = nearest(name, known)
    const advice = meant === undefined ? `known are ${listed(known, 40)}` : `did you mean '${meant}'?`
    throw new SnakepitError('invalid_option', `unknown option '${shorten(name)}' of ${where}: ${advice}`, {
      details: { option: name },
    })
  }
}

/** The largest delay that a timer can hold, in milliseconds: about 24 days. */
export const longestDelay = 2 ** 31 - 1

/** A whole number within bounds. */
export function wholeNumber(name: string, value: unknown, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value
  const bounds = most === Number.MAX_SAFE_INTEGER ? `from ${least} up` : `from ${least} to ${most}`
  throw unexpected(name, `an integer ${bounds}`, value)
}

/** How long something may take at most: milliseconds up to what a timer can hold, or `Infinity` for no limit. */
export function timeLimit(name: string, value: unknown, least = 1): number {
  if (typeof value === 'number' && value >= least && (value <= longestDelay || value === Infinity)) return value
  throw unexpected(name, `milliseconds from ${least} to ${longestDelay}, or Infinity for no limit`, value)
}

/** How long is waited before something happens: milliseconds up to what a timer can hold, and an end to them. */
export function pauseTime(name: string, value: unknown, least = 0): number {
  if (typeof value === 'number' && value >= least && value <= longestDelay) return value
  const why = value === Infinity ? ' (a pause has to end: what waits for it would never happen)' : ''
  throw unexpected(name, `milliseconds from ${least} to ${longestDelay}${why}`, value)
}

/** One of a few words. */
export function oneOf<const T extends string>(name: string, value: unknown, words: readonly T[]): T {
  if (words.includes(value as T)) return value as T
  throw unexpected(name, `one of ${listed(words)}`, value)
}
