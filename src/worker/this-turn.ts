// A promise that is looked at without being waited for.
import { time } from '../time/time.js'

/** What the promise brings within this turn of the event loop; undefined for one that takes longer. */
export function withinThisTurn<T>(promise: Promise<T>): Promise<T | undefined> {
  return Promise.race([promise, new Promise<undefined>((resolve) => time.setImmediate(() => resolve(undefined)))])
}
