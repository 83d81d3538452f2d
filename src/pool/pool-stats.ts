// What a pool shows of itself: its workers' places, and its numbers.
import type { Liveliness } from '../worker/life-sign.js'
import type { WorkerInfo } from '../worker/worker-event.js'
import type { CallCounts, CallLatencies } from './tally.js'
import type { BreakerStates, UpkeepCounts } from './upkeep-tally.js'
import type { PlaceState, WorkerPlace } from './worker-place.js'

/** One worker's place, as it is now. */
export interface WorkerSnapshot {
  /** Name of the place. */
  readonly id: string
  readonly state: PlaceState['type']
  /** Whether its Python answers; undefined while there is no worker. */
  readonly sign: Liveliness | undefined
  /** Calls it runs. */
  readonly running: number
  /** The incarnation that is here; undefined while there is none. */
  readonly info: WorkerInfo | undefined
}

/** The numbers of a pool at one moment. */
export interface PoolStats extends CallCounts, UpkeepCounts {
  readonly latencies: CallLatencies
  /** Incarnations that took the place of one that was lost or tainted. */
  readonly restarts: number
  /** Places by state; `busy` are the ready ones that run a call. */
  readonly workers: Readonly<Record<PlaceState['type'] | 'busy', number>>
  /** Sessions that were begun and have not ended or expired. */
  readonly sessions: number
  readonly breakers: BreakerStates
}

/** What a place looks like from outside. */
export function snapshotOf({ id, state }: WorkerPlace): WorkerSnapshot {
  const worker = 'worker' in state ? state.worker : undefined
  return { id, state: state.type, sign: worker?.sign, running: worker?.leases ?? 0, info: worker?.handle.info }
}

/** Counts places by state. */
export function countByState(workers: readonly WorkerSnapshot[]): PoolStats['workers'] {
  const counts: Record<PlaceState['type'] | 'busy', number> = {
    waiting: 0,
    starting: 0,
    ready: 0,
    busy: 0,
    draining: 0,
    stopping: 0,
    resting: 0,
    'in-doubt': 0,
    'given-up': 0,
    stopped: 0,
  }
  for (const { state, running } of workers) counts[state === 'ready' && running > 0 ? 'busy' : state]++
  return counts
}
