// A pool's options, checked and completed.
import { oneOf, unexpected } from '../errors/invalid-option.js'
import {
  group,
  groupOrFalse,
  integer,
  integerOrNever,
  limit,
  optional,
  pause,
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
  within: limit(60_000),
  maxStartFailures: integer(0, 3),
  backoff: pause(100),
  maxBackoff: limit(30_000, 0),
  stableAfter: limit(10_000, 0),
  jitter: share(0.2),
}

const recycleReaders: Readers<RecycleRules> = {
  maxCalls: integerOrNever(1),
  maxAge: limit(Infinity),
  maxMemory: integerOrNever(1),
  jitter: share(0.1),
  atOnce: integer(1, 1),
}

const barrierReaders: Readers<BarrierRules> = {
  crashes: integer(1, 2),
  within: limit(60_000),
}

const breakerReaders: Readers<BreakerRules> = {
  failures: integer(1, 5),
  within: limit(60_000),
  cooldown: pause(30_000),
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
  workerIdleTimeout: limit(60_000, 0),
  workerDrain: limit(300_000, 0),
  startBatch: integer(1, 4),
  concurrency: integer(1, 1),
  maxQueue: integer(0, 1000),
  queueTimeout: limit(10_000),
  affinity: (name, value = 'hint') => oneOf(name, value, affinities),
  sessionTtl: limit(3_600_000),
  maxSessions: integer(1, 10_000),
  drain: limit(10_000, 0),
  stopLimit: limit(15_000, 0),
  restart: group(restartReaders),
  recycle: group(recycleReaders),
  barrier: groupOrFalse(barrierReaders, 'on'),
  breaker: groupOrFalse(breakerReaders, 'off'),
  toolBreaker: groupOrFalse(breakerReaders, 'off'),
}
