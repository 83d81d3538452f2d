// How closely workers are watched, as programs say it.
import { milliseconds, refuseUnknown, unexpected } from '../errors/invalid-option.js'
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
export function resolveHeartbeat(heartbeat: unknown): Heartbeat | false {
  if (heartbeat === false) return false
  if (heartbeat !== undefined && (typeof heartbeat !== 'object' || heartbeat === null)) {
    throw unexpected('heartbeat', 'an object or false', heartbeat)
  }
  const options: HeartbeatOptions = heartbeat ?? {}
  refuseUnknown(options, ['interval', 'timeout'], '`heartbeat`')
  const { interval = 2_000, timeout = 5_000 } = options
  return Object.freeze({
    interval: atLeastOneSecond('heartbeat.interval', interval),
    timeout: atLeastOneSecond('heartbeat.timeout', timeout),
  })
}

function atLeastOneSecond(name: string, value: number): number {
  if (milliseconds(name, value) < 1_000) throw unexpected(name, 'milliseconds from 1000 up', value)
  return value
}
