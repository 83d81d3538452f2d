// Waiting for the world outside of this process, which tells nobody when it changes.
import { setTimeout as pause } from 'node:timers/promises'

/** Looks again and again, until it is as it should be; rejects naming `what` when it does not become so. */
export async function eventually(holds: () => boolean, what: string, ms = 10_000): Promise<void> {
  const deadline = performance.now() + ms
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${ms} ms`)
    await pause(5)
  }
}
