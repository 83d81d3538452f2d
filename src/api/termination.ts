// A program that is told to end, and has no plan of its own for that, lets its calls finish first.
import { time } from '../time/time.js'

/** Closes something; `hurry` does not wait for what it runs. */
type Close = (hurry: boolean) => Promise<void>

const open = new Set<Close>()
let ending = false

/**
 * Calls `close` when SIGTERM comes, and ends the program when all that was registered is closed. Where the program
 * listens for SIGTERM itself, nothing is done: it decides what to close, and when. The returned function takes it back.
 */
export function onTermination(close: Close): () => void {
  if (open.size === 0) process.on('SIGTERM', terminate)
  open.add(close)
  return () => {
    if (open.delete(close) && open.size === 0 && !ending) process.off('SIGTERM', terminate)
  }
}

function terminate(): void {
  if (process.listenerCount('SIGTERM') > 1) return
  // Who asks twice is in a hurry.
  const hurry = ending
  ending = true
  void Promise.all([...open].map((close) => close(hurry))).then(() => {
    // Whoever waited for the last calls has a turn to say what became of them.
    if (!hurry) time.setImmediate(() => process.exit())
  })
}
