// SIGTERM: pools finish what they have accepted, and then the signal does what it would have done without the library.
import { time } from '../time/time.js'

/** What is finished before the program ends. */
export interface Terminable {
  /** Takes no more work, finishes what it has, and stays. */
  drain(): Promise<unknown>
  /** The same, within its limit, and ends; `hurry` waits for nothing. */
  close(hurry: boolean): Promise<void>
}

/** Where the listener of one copy of the library stands; on the listener itself, so that other copies can read it. */
interface Standing {
  /** SIGTERM has come before. */
  told: boolean
  /** It closes what is open, and hands the signal on then. */
  ending: boolean
}

/** The same in every copy and realm. */
const mark = Symbol.for('snakepit.termination')
type Marked = NodeJS.SignalsListener & { readonly [mark]?: Standing }

const open = new Set<Terminable>()
const standing: Standing = { told: false, ending: false }
const terminate: Marked = Object.defineProperty(onSigterm, mark, { value: standing })

/** Finishes `pools` when SIGTERM comes. The returned function takes that back. */
export function onTermination(pools: Terminable): () => void {
  // The first to be called: a listener that is there once is not there any more when it was called.
  if (open.size === 0 && !standing.ending) process.prependListener('SIGTERM', terminate)
  open.add(pools)
  return () => {
    if (!open.delete(pools) || open.size > 0 || standing.ending) return
    process.off('SIGTERM', terminate)
    standing.told = false
  }
}

function onSigterm(): void {
  // Who asks twice is in a hurry.
  const hurry = standing.told
  standing.told = true
  // The program's own listeners hear the signal too, and decide what ends, and how.
  if (ownListeners() > 0) {
    for (const pools of open) void pools.drain()
    return
  }
  const isFirst = !standing.ending
  standing.ending = true
  void closeAll(hurry).then(() => {
    // Whoever waited for the last calls has a turn to say what became of them.
    if (isFirst) time.setImmediate(handOn)
  })
}

async function closeAll(hurry: boolean): Promise<void> {
  await Promise.all([...open].map((pools) => pools.close(hurry)))
  // What was opened meanwhile.
  if (open.size > 0) await closeAll(true)
}

/** Sends the signal again, now that nobody of us listens: it ends the program, or is told to whoever listens by now. */
function handOn(): void {
  process.off('SIGTERM', terminate)
  Object.assign(standing, { told: false, ending: false })
  // Another copy of the library is at it, and hands on what it was told.
  if (process.listeners('SIGTERM').some((listener: Marked) => listener[mark]?.ending === true)) return
  process.kill(process.pid, 'SIGTERM')
  // The first process of a container gets no signal that it does not listen for.
  time.setTimeout(() => process.listenerCount('SIGTERM') === 0 && process.exit(128 + 15), deadBy)
}

/** Milliseconds after which a program that lives has survived the signal. */
const deadBy = 200

/** Listeners that decide what SIGTERM means: not ours, and not those that only look on. */
function ownListeners(): number {
  const others = process.listeners('SIGTERM').filter((listener: Marked) => listener[mark] === undefined)
  return others.length - lookingOn()
}

/**
 * The listeners of `signal-exit` (execa and many others bring it): they send the signal again when nobody else listens.
 * It counts its copies in places that all of them know, one of its versions 3 and before, one of those since 4.
 */
function lookingOn(): number {
  const emitters = [
    (globalThis as Record<symbol, unknown>)[Symbol.for('signal-exit emitter')],
    (process as unknown as Record<string, unknown>).__signal_exit_emitter__,
  ]
  const counts = emitters.map((emitter) => (emitter as { readonly count?: unknown } | undefined)?.count)
  return counts.reduce<number>((sum, count) => (typeof count === 'number' ? sum + count : sum), 0)
}
