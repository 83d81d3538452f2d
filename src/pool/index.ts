// What the pool gives to the layers above it.
export { type Clock, systemClock } from './clock.js'
export type { LatencySummary } from './histogram.js'
export { Pool, type PoolStats, type WorkerSnapshot } from './pool.js'
export type { PoolFact } from './pool-event.js'
export { type PoolOptions, type PoolSettings, type RestartOptions, resolvePoolOptions } from './pool-options.js'
export type { PoolState } from './pool-state.js'
export {
  type Affinity,
  affinities,
  type Lease,
  type LeaseOutcome,
  type PoolRequest,
  type SessionTicket,
} from './request.js'
export type { PoolMeans, RosterNews, Spawn } from './roster.js'
export type { SessionFact } from './session-table.js'
export type { CallCounts, CallLatencies } from './tally.js'
export type { StopReason } from './worker-place.js'
