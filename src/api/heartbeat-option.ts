// How closely workers are watched, as programs say it.
import { delay, groupOrFalse } from '../errors/option-readers.js'
import type { Heartbeat } from '../worker/life-signs.js'

/** How closely workers are watched for signs of life. Times are milliseconds. */
export interface HeartbeatOptions {
  /** How long a quiet worker may rest before it is asked for a sign of life, from 1000 up. @default 2_000 */
  readonly interval?: number | undefined
  /**
   * How long the transport of a worker whose Python is silent may owe an answer before the worker is replaced, from
   * 1000 up. Time in which the host itself was suspended or blocked does not count. @default 5_000
   */
  readonly timeout?: number | undefined
}

/** Reads the option. Throws `invalid_option`. */
export const readHeartbeat = groupOrFalse<Heartbeat>(
  { interval: delay(1_000, 2_000), timeout: delay(1_000, 5_000) },
  'on',
)
