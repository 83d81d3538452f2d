// How closely workers are watched, as programs say it.
import { groupOrFalse, limit, pause } from '../errors/option-readers.js'
import type { Heartbeat } from '../worker/life-signs.js'

/** How closely workers are watched for signs of life. Times are milliseconds. */
export interface HeartbeatOptions {
  /** How long a quiet worker may rest before it is asked for a sign of life, from 1000 up. @default 2_000 */
  readonly interval?: number | undefined
  /**
   * How long the transport of a worker whose Python is silent may owe an answer before the worker is replaced, from
   * 1000 up, or `Infinity` for no limit. Time in which the host itself was suspended or blocked does not count. @default 5_000
   */
  readonly timeout?: number | undefined
}

/** Reads the option. Throws `invalid_option`. */
export const readHeartbeat = groupOrFalse<Heartbeat>(
  { interval: pause(2_000, 1_000), timeout: limit(5_000, 1_000) },
  'on',
)
