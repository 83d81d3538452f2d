// Work that the program waits for keeps the program alive, though idle workers do not.
import { time } from '../time/time.js'

/** The longest delay of a timer that nobody is meant to see fire. */
const aWhile = 2 ** 30

/** Keeps the process alive until the work is done. */
export async function heldOpen<T>(work: Promise<T>): Promise<T> {
  const timer = time.setInterval(() => undefined, aWhile)
  try {
    return await work
  } finally {
    time.clearInterval(timer)
  }
}
