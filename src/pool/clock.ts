// The pool's sense of time: one small interface, so that tests can live in virtual time.
import { Observable, type Unsubscribable } from 'rxjs'
import { inNobodysContext } from '../streams/async-context.js'
import { time } from '../time/time.js'

/** Where the pool reads the time and sets its timers. */
export interface Clock {
  /** Milliseconds on a scale that only moves forward; calls state their deadlines on the same scale. */
  now(): number
  /** Runs `work` once, about `delay` milliseconds from now, and never keeps the process alive for it. */
  after(delay: number, work: () => void): Unsubscribable
}

// Node fires a timer beyond this at once, with a warning. Whoever wakes early looks at the clock and sleeps again.
const longestTimer = 2 ** 31 - 1

/** The monotonic clock of the process; `performance.now()` is its scale. */
export const systemClock: Clock = {
  now: () => time.now(),
  after(delay, work) {
    const timer = inNobodysContext(() => time.setTimeout(work, Math.min(Math.ceil(delay), longestTimer)).unref())
    return { unsubscribe: () => time.clearTimeout(timer) }
  },
}

/** RxJS's `timer` on a pool's clock: emits once and completes after `delay` milliseconds; `Infinity` never does. */
export function timerOn(clock: Clock, delay: number): Observable<void> {
  return new Observable((subscriber) => {
    if (delay === Infinity) return
    return clock.after(delay, () => {
      subscriber.next()
      subscriber.complete()
    })
  })
}
