// How far Python may be ahead of the program that reads its stream.
import { refuseUnknown, unexpected, wholeNumber } from '../errors/invalid-option.js'
import type { Window } from '../wire/wire.js'

/** A bound on the items and bytes that are on their way: a number of items, or either or both. */
export type WindowOption =
  | number
  | {
      /** From 1 up. @default 256 */
      readonly items?: number
      /** Encoded bytes, from 1 up; one item larger than this still passes. @default 1_048_576 */
      readonly bytes?: number
    }

const defaults: Window = Object.freeze({ items: 256, bytes: 1024 * 1024 })

/** Checks the option `window` and fills in what was left out, from `fallback`. */
export function resolveWindow(option: WindowOption | undefined, fallback: Window = defaults): Window {
  if (option === undefined) return fallback
  if (typeof option === 'number') return { items: wholeNumber('window', option, 1, mostItems), bytes: fallback.bytes }
  if (typeof option !== 'object' || option === null)
    throw unexpected('window', 'a number of items or { items, bytes }', option)
  refuseUnknown(option, ['items', 'bytes'], 'window')
  return {
    items: wholeNumber('window.items', option.items ?? fallback.items, 1, mostItems),
    bytes: wholeNumber('window.bytes', option.bytes ?? fallback.bytes, 1),
  }
}

const mostItems = 2 ** 32 - 1
