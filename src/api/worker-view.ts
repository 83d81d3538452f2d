// A worker as the program sees it.
import type { WorkerSnapshot } from '../pool/index.js'
import type { Liveliness } from '../worker/life-sign.js'
import type { WorkerInfo } from '../worker/worker-event.js'

/** One worker's place in the pool. */
export interface Worker {
  /** Name of the place: `default-0`. It outlives restarts. */
  readonly id: string
  /** What goes on there: `ready` when calls can run. */
  readonly state: WorkerSnapshot['state']
  /** Calls that it runs. */
  readonly running: number
  /** How lively it is, by its signs of life (`heartbeat`); `gone` where there is no process. */
  readonly sign: Liveliness
  /** Facts of the process that is there; undefined while there is none. */
  info(): WorkerInfo | undefined
}

/** Makes the program's view of a place. */
export function workerOf({ id, state, running, sign = 'gone', info }: WorkerSnapshot): Worker {
  return { id, state, running, sign, info: () => info }
}
