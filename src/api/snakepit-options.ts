// Everything that may be said when a Snakepit is opened, checked and completed.
import { milliseconds, refuseUnknown, unexpected } from '../errors/invalid-option.js'
import { type PoolOptions, type PoolSettings, resolvePoolOptions } from '../pool/index.js'
import type { Window } from '../wire/wire.js'
import { resolveWindow, type WindowOption } from './window-option.js'
import { resolveWorkerOptions, type WorkerOptions, type WorkerSetup, workerOptionNames } from './worker-options.js'

/** What holds for calls that do not say otherwise. Times are milliseconds. */
export interface CallDefaults {
  /** For an `execute`, queue included. @default 30_000 */
  readonly timeout?: number | undefined
  /** For a `stream`, queue included. @default 300_000 */
  readonly streamTimeout?: number | undefined
  /** Ends a stream that gives no chunk and no progress for so long. Default: no limit. */
  readonly idleTimeout?: number | undefined
  /** How far Python may be ahead of the reader of a stream. @default { items: 256, bytes: 1_048_576 } */
  readonly window?: WindowOption | undefined
}

/**
 * Options of `Snakepit.open`.
 *
 * @example
 * ```ts
 * { adapter: './tools.py', size: 4, requirements: ['numpy>=2'], timeout: 10_000 }
 * ```
 */
export interface SnakepitOptions extends WorkerOptions, CallDefaults, Omit<PoolOptions, 'name'> {}

/** {@link SnakepitOptions}, complete. */
export interface SnakepitSettings {
  readonly worker: WorkerSetup
  readonly pool: PoolSettings
  readonly calls: CallSettings
}

/** {@link CallDefaults}, complete. */
export interface CallSettings {
  readonly timeout: number
  readonly streamTimeout: number
  readonly idleTimeout: number | undefined
  readonly window: Window
}

const callDefaultNames: readonly string[] = [
  'timeout',
  'streamTimeout',
  'idleTimeout',
  'window',
] satisfies (keyof CallDefaults)[]

/** Checks all options. Throws `invalid_option` that names the option, the value and what was expected. */
export function resolveSnakepitOptions(options: SnakepitOptions): SnakepitSettings {
  if (typeof options !== 'object' || options === null) throw unexpected('options', 'an object', options)
  const own = new Set<string>([...workerOptionNames, ...callDefaultNames])
  const poolOptions = Object.fromEntries(Object.entries(options).filter(([name]) => !own.has(name)))
  refuseUnknown(poolOptions, [...own, ...poolOptionNames], 'Snakepit.open')
  return Object.freeze({
    worker: resolveWorkerOptions(options),
    pool: resolvePoolOptions(poolOptions),
    calls: resolveCallDefaults(options),
  })
}

const poolOptionNames = Object.keys(resolvePoolOptions()).filter((name) => name !== 'name')

function resolveCallDefaults(options: CallDefaults): CallSettings {
  const { timeout = 30_000, streamTimeout = 300_000, idleTimeout, window } = options
  return Object.freeze({
    timeout: milliseconds('timeout', timeout),
    streamTimeout: milliseconds('streamTimeout', streamTimeout),
    idleTimeout: idleTimeout === undefined ? undefined : milliseconds('idleTimeout', idleTimeout),
    window: resolveWindow(window),
  })
}
