// A timer for what may take so long and no longer.
import { time } from './time.js'

/** Does `act` after `limit` milliseconds; never where there is no limit (`Infinity`). Keeps no program alive. */
export function afterLimit(limit: number, act: () => void): NodeJS.Timeout | undefined {
  // Node takes what is too long for a timer for 1 ms.
  return limit === Number.POSITIVE_INFINITY ? undefined : time.setTimeout(act, limit).unref()
}
