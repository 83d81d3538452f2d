// The library's own time. Test frameworks replace the global timers by ones that stand still; ours go on.
import { performance } from 'node:perf_hooks'
import {
  clearImmediate,
  clearInterval,
  clearTimeout,
  setImmediate as immediate,
  setInterval as interval,
  setTimeout as timeout,
} from 'node:timers'
import { setTimeout as pause } from 'node:timers/promises'

/** What the library reads the time from and sets its timers with. */
export interface Time {
  /** Milliseconds that only move forward: the scale of `performance.now()`. */
  now(): number
  /** Milliseconds since 1970. */
  wallNow(): number
  setTimeout: typeof setTimeout
  clearTimeout: typeof clearTimeout
  setInterval: typeof setInterval
  clearInterval: typeof clearInterval
  setImmediate: typeof setImmediate
  clearImmediate: typeof clearImmediate
  queueMicrotask: typeof queueMicrotask
  /** Resolves after so many milliseconds. */
  pause: typeof pause
}

/**
 * The functions of Node, taken when the library is loaded: fakes that a program installs later (`jest`, `vitest`, `sinon`,
 * `node:test`) are for the program's own code. Nothing in `src` calls the globals; the linter sees to that.
 *
 * Tests of the library put members of their own in.
 */
export const time: Time = {
  // Of the class: fakes are put on the object.
  now: Object.getPrototypeOf(performance).now.bind(performance),
  wallNow: Date.now,
  setTimeout: timeout,
  clearTimeout,
  setInterval: interval,
  clearInterval,
  setImmediate: immediate,
  clearImmediate,
  queueMicrotask,
  pause,
}
