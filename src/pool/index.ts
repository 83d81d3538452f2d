// What the pool gives to the layers above it.
export type { LifeSign, Liveliness } from '../worker/life-sign.js'
export type { BarrierRules } from './barrier.js'
export type { BreakerRules, BreakerState } from './breaker.js'
export { type Clock, systemClock } from './clock.js'
export type { LossReason, OrderReason, StopReason } from './departure.js'
export type { GuardFact } from './guard.js'
export type { LatencySummary } from './histogram.js'
export { Pool } from './pool.js'
export type { PoolFact } from './pool-event.js'
export type { BarrierOptions, BreakerOptions, PoolOptions, RecycleOptions, RestartOptions } from './pool-options.js'
export { type PoolSettings, resolvePoolOptions } from './pool-settings.js'
export type { PoolState } from './pool-state.js'
export type { PoolStats, WorkerSnapshot } from './pool-stats.js'
export {
  type Affinity,
  affinities,
  type Lease,
  type LeaseOutcome,
  type LeaveRung,
  type PoolRequest,
  type SessionTicket,
} from './request.js'
export type { PoolMeans, RosterNews, Spawn } from './roster-news.js'
export type { SessionSnapshot } from './session-book.js'
export type { SessionFact } from './session-fact.js'
export type { CallCounts, CallLatencies } from './tally.js'
export type { BreakerStates, UpkeepCounts } from './upkeep-tally.js'
