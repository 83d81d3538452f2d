// The library's own time on a clock that moves when told to: calls set their timers there.
import { time } from '../../src/time/time.js'
import type { HandClock } from '../pool/scripted-pool.js'

/** While `act` runs, `now`, `setTimeout` and `clearTimeout` of the library go by this clock; `setImmediate` does not. */
export async function underHandTime<T>(clock: HandClock, act: () => Promise<T>): Promise<T> {
  const { now, setTimeout, clearTimeout } = time
  const fake = (work: (...args: unknown[]) => void, delay = 0, ...args: unknown[]) => {
    const { unsubscribe } = clock.after(delay, () => work(...args))
    const timer = { stop: unsubscribe, unref: () => timer, ref: () => timer }
    return timer
  }
  Object.assign(time, {
    now: () => clock.now(),
    setTimeout: fake,
    clearTimeout: (timer?: ReturnType<typeof fake>) => timer?.stop(),
  })
  try {
    return await act()
  } finally {
    Object.assign(time, { now, setTimeout, clearTimeout })
  }
}
