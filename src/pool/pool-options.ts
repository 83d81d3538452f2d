// What may be said about a pool, with its units, bounds and defaults.
import type { Affinity } from './request.js'

/** How lost workers are replaced. */
export interface RestartOptions {
  /**
   * Crashes within `within` that stop the pool, an integer from 1 up. Where calls were there, the barrier keeps those from
   * the other workers, and the crash does not count; without `barrier` every crash does. Default 5.
   */
  readonly maxCrashes?: number
  /** Milliseconds that `maxCrashes` looks back; `Infinity` for all crashes. Default 60 000. */
  readonly within?: number
  /** Failed starts in a row after which a worker's place stays empty, an integer from 0 up. Default 3. */
  readonly maxStartFailures?: number
  /** Milliseconds before the first restart; doubles with each that follows. Default 100. */
  readonly backoff?: number
  /** Milliseconds between restarts at most; `Infinity` for no limit. Default 30 000. */
  readonly maxBackoff?: number
  /** Milliseconds a worker must live for the backoff to begin anew; `Infinity`: it never does. Default 10 000. */
  readonly stableAfter?: number
  /** The share of the backoff that chance may take off it, 0 to 1. Default 0.2. */
  readonly jitter?: number
}

/**
 * When workers are replaced though nothing is wrong with them. The replacement is ready before the old worker takes its
 * last call, so while one is recycled there is a process more than usual.
 *
 * Sessions of the old worker are told `session-lost`, `because: 'recycled'`. Those that only hint bind anew by themselves;
 * strict ones get `session_worker_unavailable` until they are renewed. Workers without strict sessions go first.
 *
 * @example
 * ```ts
 * { maxCalls: 10_000, maxMemory: 4 * 2 ** 30 }
 * ```
 */
export interface RecycleOptions {
  /** Calls that a worker runs, an integer from 1 up or `Infinity`. Default `Infinity`. */
  readonly maxCalls?: number
  /** Milliseconds that a worker serves, from 1 up or `Infinity`. Default `Infinity`. */
  readonly maxAge?: number
  /** Bytes resident of its Python process, looked at when it is done with a call. Linux only. Default `Infinity`. */
  readonly maxMemory?: number
  /** The share of calls and age that chance takes off for each worker, 0 to 1, so that not all go at once. Default 0.1. */
  readonly jitter?: number
  /** Workers that are in replacement at a time, an integer from 1 up. Default 1. */
  readonly atOnce?: number
}

/** What keeps a call that kills workers from killing them all. */
export interface BarrierOptions {
  /** Crashes that calls of a tool may be there at, an integer from 1 up; then `tool_quarantined`. Default 2. */
  readonly crashes?: number
  /** Milliseconds that `crashes` looks back; `Infinity` for all crashes. Default 60 000. */
  readonly within?: number
}

/**
 * When calls are refused with `circuit_open` because those before them failed. A call fails by a Python exception, a
 * timeout that its worker saw, or the loss of its worker; not by a cancel, nor by arguments that made no sense.
 */
export interface BreakerOptions {
  /** Failures within `within` that open it, an integer from 1 up. Default 5. */
  readonly failures?: number
  /** Milliseconds that `failures` looks back; `Infinity` for all failures. Default 60 000. */
  readonly within?: number
  /** Milliseconds it stays open before calls are tried. Default 30 000. */
  readonly cooldown?: number
  /** Calls that are tried then, and that must all succeed for it to close, an integer from 1 up. Default 1. */
  readonly halfOpenCalls?: number
}

/** What may be said about a pool. Times are milliseconds, from 1 to 2^31-1 where nothing else is said, or `Infinity` for no limit. */
export interface PoolOptions {
  /** The pool's name, 1 to 64 letters, digits, `.`, `_` and `-`. Its workers are `name-0`, `name-1` … Default `default`. */
  readonly name?: string
  /**
   * How many workers, an integer from 1 up; with `minSize` and `maxSize`, how many at first. Default: `minSize`, else the
   * cores there are, 4 at most.
   */
  readonly size?: number
  /** The fewest workers, an integer from 1 up. Given with `maxSize` or `size`. Default `size`. */
  readonly minSize?: number
  /** The most workers, an integer from 1 up. Given with `minSize` or `size`. Default `size`. */
  readonly maxSize?: number
  /** How long a worker must have been to spare before one above `minSize` is let go, from 0 up. Default 60 000. */
  readonly workerIdleTimeout?: number
  /** How long a worker that is recycled or let go may finish what it runs, from 0 up. Default 300 000. */
  readonly workerDrain?: number
  /** How many workers may be starting at a time, an integer from 1 up. Default 4. */
  readonly startBatch?: number
  /** Calls that one worker runs at a time, an integer from 1 up. Default 1, right for sync tools without `threads`. */
  readonly concurrency?: number
  /** Calls that may wait, an integer from 0 up; more are refused with `pool_saturated`. Default 1000. */
  readonly maxQueue?: number
  /** How long a call waits for a worker; then `queue_timeout`. Default 10 000. */
  readonly queueTimeout?: number
  /** How closely sessions keep to their worker, unless session or call says otherwise. Default `hint`. */
  readonly affinity?: Affinity
  /** How long a session lives after its last call. Default 3 600 000. */
  readonly sessionTtl?: number
  /** How many sessions there may be, an integer from 1 up; more are `session_quota_exceeded`. Default 10 000. */
  readonly maxSessions?: number
  /** How long `close` lets accepted calls finish, from 0 up. Default 10 000. */
  readonly drain?: number
  /** How long `close` waits for stopped workers to be gone, from 0 up. Default 15 000. */
  readonly stopLimit?: number
  readonly restart?: RestartOptions
  /** Replaces workers by age, calls or memory. Default: never. */
  readonly recycle?: RecycleOptions
  /** Keeps calls that kill workers from killing them all; `false` lets them. On by default. */
  readonly barrier?: BarrierOptions | false
  /** A circuit breaker for all calls of the pool together. Default `false`. */
  readonly breaker?: BreakerOptions | false
  /** A circuit breaker for each tool by itself. Default `false`. */
  readonly toolBreaker?: BreakerOptions | false
}
