// A pool's options, checked and completed.
import { oneOf, unexpected } from '../errors/invalid-option.js'
import {
  duration,
  durationOrNever,
  group,
  groupOrFalse,
  integer,
  integerOrNever,
  optional,
  type Readers,
  readGroup,
  share,
} from '../errors/option-readers.js'
import type { BarrierRules } from './barrier.js'
import type { BreakerRules } from './breaker.js'
import type { PoolOptions } from './pool-options.js'
import { type PoolSizes, resolveSizes, type SizeOptions } from './pool-size.js'
import type { RecycleRules } from './recycle.js'
import { affinities } from './request.js'
import type { RestartRules } from './restart-policy.js'

/** The options whose settings look otherwise. */
interface Groups {
  readonly restart: RestartRules
  readonly recycle: RecycleRules
  readonly barrier: BarrierRules | false
  readonly breaker: BreakerRules | false
  readonly toolBreaker: BreakerRules | false
}

/** A pool's options, complete and frozen. */
export interface PoolSettings extends Readonly<Required<Omit<PoolOptions, keyof Groups>>>, Groups {}

/**
 * Checks the options of a pool and fills in the rest.
 *
 * @throws SnakepitError `invalid_option` that names the option, what was expected and what came.
 */
export function resolvePoolOptions(options: PoolOptions = {}): PoolSettings {
  const read = readGroup('', options, poolReaders)
  return Object.freeze({ ...read, ...resolveSizes(read) })
}

const restartReaders: Readers<RestartRules> = {
  maxCrashes: integer(1, 5),
  within: duration(60_000),
  maxStartFailures: integer(0, 3),
  backoff: duration(100),
  maxBackoff: duration(30_000),
  stableAfter: duration(10_000),
  jitter: share(0.2),
}

const recycleReaders: Readers<RecycleRules> = {
  maxCalls: integerOrNever(1),
  maxAge: durationOrNever(Infinity),
  maxMemory: integerOrNever(1),
  jitter: share(0.1),
  atOnce: integer(1, 1),
}

const barrierReaders: Readers<BarrierRules> = {
  crashes: integer(1, 2),
  within: duration(60_000),
}

const breakerReaders: Readers<BreakerRules> = {
  failures: integer(1, 5),
  within: duration(60_000),
  cooldown: duration(30_000),
  halfOpenCalls: integer(1, 1),
}

const poolReaders: Readers<Omit<PoolSettings, keyof PoolSizes> & SizeOptions> = {
  name: (name, value = 'default') => {
    if (typeof value === 'string' && /^[\w.-]{1,64}$/.test(value)) return value
    throw unexpected(name, '1 to 64 letters, digits, `.`, `_` or `-`', value)
  },
  size: optional(integer(1, 1)),
  minSize: optional(integer(1, 1)),
  maxSize: optional(integer(1, 1)),
  workerIdleTimeout: duration(60_000),
  workerDrain: durationOrNever(300_000),
  startBatch: integer(1, 4),
  concurrency: integer(1, 1),
  maxQueue: integer(0, 1000),
  queueTimeout: durationOrNever(10_000),
  affinity: (name, value = 'hint') => oneOf(name, value, affinities),
  sessionTtl: durationOrNever(3_600_000),
  maxSessions: integer(1, 10_000),
  drain: durationOrNever(10_000),
  stopLimit: duration(15_000),
  restart: group(restartReaders),
  recycle: group(recycleReaders),
  barrier: groupOrFalse(barrierReaders, 'on'),
  breaker: groupOrFalse(breakerReaders, 'off'),
  toolBreaker: groupOrFalse(breakerReaders, 'off'),
}
