// How a worker is stopped: asked first, forced in the end, every wait bounded.
import { time } from '../time/time.js'
import type { WorkerProcess } from './spawn.js'
import type { StopRung } from './worker-event.js'

/** What the ladder needs to know and tell. */
export interface Stopping {
  readonly process: WorkerProcess
  /** Sends the message; undefined when there is no conversation to send it on. */
  readonly ask: ((graceMs: number) => void) | undefined
  /** Milliseconds that running calls get. */
  readonly grace: number
  readonly onRung: (rung: StopRung) => void
}

/** Milliseconds that each rung waits before the next one: SIGKILL comes less than 3 s after the grace. */
const patience = { afterGrace: 1_800, inputClosed: 700, terminated: 250, killed: 1_000 }

/** Climbs until the process has ended. Resolves with the rung that did it; never rejects, never waits for ever. */
export async function stopProcess({ process, ask, grace, onRung }: Stopping): Promise<StopRung> {
  if (ask !== undefined) {
    onRung('message')
    ask(grace)
    if (await endsWithin(process, grace + patience.afterGrace)) return 'message'
  }
  onRung('input-closed')
  process.input.end()
  // A stopped process cannot notice: the guardian has to run to take the worker's tree down.
  process.signal('SIGCONT')
  if (await endsWithin(process, patience.inputClosed)) return 'input-closed'
  onRung('terminated')
  process.signal('SIGTERM')
  if (await endsWithin(process, patience.terminated)) return 'terminated'
  onRung('killed')
  process.signal('SIGKILL')
  await endsWithin(process, patience.killed)
  return 'killed'
}

/** True when the process ends in time. */
export function endsWithin(process: WorkerProcess, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = time.setTimeout(() => resolve(false), ms)
    void process.exited.then(() => {
      time.clearTimeout(timer)
      resolve(true)
    })
  })
}
