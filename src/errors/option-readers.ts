// How single options are read: what holds by default, and what is refused.
import { pauseTime, refuseUnknown, timeLimit, unexpected, wholeNumber } from './invalid-option.js'

/** Reads one option: its default when nothing was given, what was given when that will do; throws `invalid_option` else. */
export type Reader<T> = (name: string, value: unknown) => T

/** A reader for each option of a group. */
export type Readers<T> = { readonly [K in keyof T]: Reader<T[K]> }

/** Reads a group of options and freezes what it read; `path` is the name of the group. */
export function readGroup<T>(path: string, options: unknown, readers: Readers<T>): Readonly<T> {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw unexpected(path || 'options', 'an object', options)
  }
  refuseUnknown(options, Object.keys(readers), path === '' ? 'the pool' : `\`${path}\``)
  const prefix = path === '' ? '' : `${path}.`
  const given = options as Readonly<Record<string, unknown>>
  const read = Object.entries<Reader<unknown>>(readers).map(([key, reader]) => [key, reader(prefix + key, given[key])])
  return Object.freeze(Object.fromEntries(read)) as Readonly<T>
}

/** A group inside of another one. */
export function group<T>(readers: Readers<T>): Reader<Readonly<T>> {
  return (name, value) => readGroup(name, value === undefined ? {} : value, readers)
}

/** A group that can be switched off with `false`. */
export function groupOrFalse<T>(readers: Readers<T>, byDefault: 'on' | 'off'): Reader<Readonly<T> | false> {
  return (name, value) => {
    if (value === false || (value === undefined && byDefault === 'off')) return false
    if (value !== undefined && typeof value !== 'object') throw unexpected(name, 'an object or false', value)
    return group(readers)(name, value)
  }
}

export function optional<T>(reader: Reader<T>): Reader<T | undefined> {
  return (name, value) => (value === undefined ? undefined : reader(name, value))
}

export function integer(least: number, fallback: number): Reader<number> {
  return (name, value = fallback) => wholeNumber(name, value, least)
}

export function integerOrNever(least: number, fallback = Infinity): Reader<number> {
  return (name, value = fallback) => {
    if (value === Infinity || (Number.isSafeInteger(value) && (value as number) >= least)) return value as number
    throw unexpected(name, `an integer from ${least} up, or Infinity`, value)
  }
}

/** A limit in time; see {@link timeLimit}. */
export function limit(fallback: number, least = 1): Reader<number> {
  return (name, value = fallback) => timeLimit(name, value, least)
}

/** A pause; see {@link pauseTime}. */
export function pause(fallback: number, least = 0): Reader<number> {
  return (name, value = fallback) => pauseTime(name, value, least)
}

export function share(fallback: number): Reader<number> {
  return (name, value = fallback) => {
    if (typeof value === 'number' && value >= 0 && value <= 1) return value
    throw unexpected(name, 'a number from 0 to 1', value)
  }
}

export function atLeast(least: number, fallback: number): Reader<number> {
  return (name, value = fallback) => {
    if (typeof value === 'number' && value >= least && value < Infinity) return value
    throw unexpected(name, `a number from ${least} up`, value)
  }
}

export function flag(fallback: boolean): Reader<boolean> {
  return (name, value = fallback) => {
    if (typeof value === 'boolean') return value
    throw unexpected(name, 'true or false', value)
  }
}
