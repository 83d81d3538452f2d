// The options of a pool: what may be said, what holds by default, and what is refused.
import { availableParallelism } from 'node:os'
import { describe, listed, nearest } from '../errors/expectation.js'
import { badOption } from './refusals.js'
import { type Affinity, affinities } from './request.js'
import type { RestartRules } from './restart-policy.js'

/** How lost workers are replaced. */
export interface RestartOptions {
  /** Crashes within `within` that stop the pool, an integer from 1 up. Default 5. */
  readonly maxCrashes?: number
  /** Milliseconds that `maxCrashes` looks back. Default 60 000. */
  readonly within?: number
  /** Failed starts in a row after which a worker's place stays empty, an integer from 0 up. Default 3. */
  readonly maxStartFailures?: number
  /** Milliseconds before the first restart; doubles with each that follows. Default 100. */
  readonly backoff?: number
  /** Milliseconds between restarts at most. Default 30 000. */
  readonly maxBackoff?: number
  /** Milliseconds a worker must live for the backoff to begin anew. Default 10 000. */
  readonly stableAfter?: number
  /** The share of the backoff that chance may take off it, 0 to 1. Default 0.2. */
  readonly jitter?: number
}

/** What may be said about a pool. Times are milliseconds; where a time may be `Infinity`, it says so. */
export interface PoolOptions {
  /** The pool's name, 1 to 64 letters, digits, `.`, `_` and `-`. Its workers are `name-0`, `name-1` … Default `default`. */
  readonly name?: string
  /** How many workers, an integer from 1 up. Default: the cores there are, 4 at most. */
  readonly size?: number
  /** How many workers may be starting at a time, an integer from 1 up. Default 4. */
  readonly startBatch?: number
  /** Calls that one worker runs at a time, an integer from 1 up. Default 1, right for tools that are not `async`. */
  readonly concurrency?: number
  /** Calls that may wait, an integer from 0 up; more are refused with `pool_saturated`. Default 1000. */
  readonly maxQueue?: number
  /** How long a call waits for a worker, `Infinity` allowed; then `queue_timeout`. Default 10 000. */
  readonly queueTimeout?: number
  /** How closely sessions keep to their worker, unless session or call says otherwise. Default `hint`. */
  readonly affinity?: Affinity
  /** How long a session lives after its last call, `Infinity` allowed. Default 3 600 000. */
  readonly sessionTtl?: number
  /** How many sessions there may be, an integer from 1 up; more are `session_quota_exceeded`. Default 10 000. */
  readonly maxSessions?: number
  /** How long `close` lets accepted calls finish, `Infinity` allowed. Default 10 000. */
  readonly drain?: number
  /** How long `close` waits for stopped workers to be gone. Default 15 000. */
  readonly stopLimit?: number
  readonly restart?: RestartOptions
}

/** A pool's options, complete and frozen. */
export interface PoolSettings extends Readonly<Required<Omit<PoolOptions, 'restart'>>> {
  readonly restart: RestartRules
}

/**
 * Checks the options of a pool and fills in the rest.
 *
 * @throws SnakepitError `invalid_option` that names the option, what was expected and what came.
 */
export function resolvePoolOptions(options: PoolOptions = {}): PoolSettings {
  const settings = resolve<PoolSettings>(options, poolRules, '')
  return Object.freeze(settings)
}

/** Checks one option and gives its value. */
interface OptionRule<T> {
  readonly default: () => T
  readonly expected: string
  readonly accepts: (value: unknown) => boolean
}

type OptionRules<T> = { readonly [K in keyof T]: OptionRule<T[K]> | { readonly group: OptionRules<T[K]> } }

const restartRules: OptionRules<RestartRules> = {
  maxCrashes: integerFrom(1, 5),
  within: milliseconds(60_000),
  maxStartFailures: integerFrom(0, 3),
  backoff: milliseconds(100),
  maxBackoff: milliseconds(30_000),
  stableAfter: milliseconds(10_000),
  jitter: {
    default: () => 0.2,
    expected: 'a number from 0 to 1',
    accepts: (value) => typeof value === 'number' && value >= 0 && value <= 1,
  },
}

const poolRules: OptionRules<PoolSettings> = {
  name: {
    default: () => 'default',
    expected: '1 to 64 letters, digits, `.`, `_` or `-`',
    accepts: (value) => typeof value === 'string' && /^[\w.-]{1,64}$/.test(value),
  },
  size: { ...integerFrom(1, 1), default: () => Math.min(4, availableParallelism()) },
  startBatch: integerFrom(1, 4),
  concurrency: integerFrom(1, 1),
  maxQueue: integerFrom(0, 1000),
  queueTimeout: milliseconds(10_000, 'or Infinity'),
  affinity: {
    default: () => 'hint',
    expected: `one of ${listed(affinities)}`,
    accepts: (value) => (affinities as readonly unknown[]).includes(value),
  },
  sessionTtl: milliseconds(3_600_000, 'or Infinity'),
  maxSessions: integerFrom(1, 10_000),
  drain: milliseconds(10_000, 'or Infinity'),
  stopLimit: milliseconds(15_000),
  restart: { group: restartRules },
}

function integerFrom(least: number, fallback: number): OptionRule<number> {
  return {
    default: () => fallback,
    expected: `an integer from ${least} up`,
    accepts: (value) => Number.isSafeInteger(value) && (value as number) >= least,
  }
}

function milliseconds(fallback: number, orInfinity?: 'or Infinity'): OptionRule<number> {
  return {
    default: () => fallback,
    expected: `milliseconds from 0 up${orInfinity ? `, ${orInfinity}` : ''}`,
    accepts: (value) => typeof value === 'number' && value >= 0 && (value < Infinity || orInfinity !== undefined),
  }
}

function resolve<T>(options: unknown, rules: OptionRules<T>, path: string): T {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const what = path === '' ? 'pool options' : `\`${path}\``
    throw badOption(`expected ${what} to be an object, got ${describe(options)}`, path)
  }
  const given = options as Readonly<Record<string, unknown>>
  const prefix = path === '' ? '' : `${path}.`
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(rules, key)) throw unknownOption(prefix, key, Object.keys(rules))
  }
  const settled: Record<string, unknown> = {}
  for (const [key, rule] of Object.entries<OptionRule<unknown> | { group: OptionRules<unknown> }>(rules)) {
    const value = given[key]
    if ('group' in rule)
      settled[key] = Object.freeze(resolve(value === undefined ? {} : value, rule.group, prefix + key))
    else if (value === undefined) settled[key] = rule.default()
    else if (rule.accepts(value)) settled[key] = value
    else throw badOption(`expected \`${prefix}${key}\` to be ${rule.expected}, got ${describe(value)}`, prefix + key)
  }
  return settled as T
}

function unknownOption(prefix: string, key: string, known: readonly string[]): Error {
  const meant = nearest(key, known)
  const hint = meant ? `did you mean \`${prefix}${meant}\`?` : `there are ${listed(known, 20)}`
  return badOption(`there is no option \`${prefix}${key}\`; ${hint}`, prefix + key)
}
