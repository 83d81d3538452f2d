// The process's own timers on a clock that moves when told to: calls set theirs with `setTimeout`.
import type { HandClock } from '../pool/scripted-pool.js'

/** While `act` runs, `performance.now`, `setTimeout` and `clearTimeout` go by this clock; `setImmediate` does not. */
export async function underHandTime<T>(clock: HandClock, act: () => Promise<T>): Promise<T> {
  const { setTimeout, clearTimeout } = globalThis
  const fake = (work: (...args: unknown[]) => void, delay = 0, ...args: unknown[]) => {
    const { unsubscribe } = clock.after(delay, () => work(...args))
    const timer = { stop: unsubscribe, unref: () => timer, ref: () => timer }
    return timer
  }
  Object.defineProperty(performance, 'now', { value: () => clock.now(), configurable: true })
  Object.assign(globalThis, { setTimeout: fake, clearTimeout: (timer?: ReturnType<typeof fake>) => timer?.stop() })
  try {
    return await act()
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout })
    Reflect.deleteProperty(performance, 'now')
  }
}
