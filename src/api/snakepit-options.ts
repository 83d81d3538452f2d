// Everything that may be said when a Snakepit is opened, checked and completed.
import { readOnce, refuseUnknown, timeLimit, unexpected } from '../errors/invalid-option.js'
import { SnakepitError } from '../errors/snakepit-error.js'
import { type PoolOptions, type PoolSettings, resolvePoolOptions } from '../pool/index.js'
import { useBridge } from '../python/index.js'
import type { Window } from '../wire/wire.js'
import type { WorkerLog } from '../worker/worker-event.js'
import type { RetryRules } from './retries.js'
import { type RetryOptions, readRetry } from './retry-option.js'
import { resolveWindow, type WindowOption } from './window-option.js'
import { resolveWorkerOptions, type WorkerOptions, type WorkerSetup, workerOptionNames } from './worker-options.js'

/** What holds for calls that do not say otherwise. Times are milliseconds, from 1 to 2^31-1, or `Infinity` for no limit. */
export interface CallDefaults {
  /** For an `execute`, queue included. @default 30_000 */
  readonly timeout?: number | undefined
  /**
   * How long a stream may stand still: while it waits for a worker, while its tool gives no chunk and no progress, and
   * while its reader takes none of the chunks that wait. It begins anew with each chunk that comes or is taken, so it
   * never ends a stream that flows. A stream that is given a `timeout` of its own has that instead.
   * @default 300_000
   */
  readonly streamTimeout?: number | undefined
  /** Ends a call that gives no chunk and no progress for so long. Default: no limit. */
  readonly idleTimeout?: number | undefined
  /**
   * What Python gets to leave a cancelled tool; then its worker is stopped and replaced. `Infinity` never does that.
   * @default 2_000
   */
  readonly cancelGrace?: number | undefined
  /** How far Python may be ahead of the reader of a stream. @default { items: 256, bytes: 1_048_576 } */
  readonly window?: WindowOption | undefined
  /** How calls that are marked `idempotent` are run again when their worker is lost; `false` never does. */
  readonly retry?: RetryOptions | false | undefined
}

/** Options of one pool: its workers, its scheduling, and what holds for its calls. */
export interface NamedPoolOptions extends WorkerOptions, CallDefaults, Omit<PoolOptions, 'name'> {}

/**
 * Options of `Snakepit.open`.
 *
 * @example
 * ```ts
 * { adapter: './tools.py', size: 4, requirements: ['numpy>=2'], timeout: 10_000 }
 * { adapter: './tools.py', pools: { cpu: { size: 4 }, gpu: { size: 1, env: { CUDA_VISIBLE_DEVICES: '0' } } } }
 * ```
 */
export interface SnakepitOptions extends Partial<NamedPoolOptions> {
  /**
   * Several pools by name. What is said beside `pools` holds for each that does not say otherwise. A call names its
   * pool with the option `pool`; without, the first one takes it. Default: one pool named `default`.
   */
  readonly pools?: Readonly<Record<string, Partial<NamedPoolOptions>>> | undefined
  /**
   * Called for each line that a worker prints or logs, of all pools, from the very start on: also what importing the
   * adapter and its `initialize()` say. What it throws is an uncaught exception of the program. Default: lines are printed
   * (`logs.print`).
   *
   * @example
   * ```ts
   * { adapter: './tools.py', onLog: ({ level, source, message, fields }) => log[level]({ source, ...fields }, message) }
   * ```
   */
  readonly onLog?: ((log: WorkerLog) => void) | undefined
  /**
   * `true` keeps the Node process alive for as long as the Snakepit is open. Otherwise a program that has nothing left
   * to do ends by itself, and its workers with it. @default false
   */
  readonly keepAlive?: boolean | undefined
  /**
   * SIGTERM lets the calls that were accepted finish, and takes no more of them. Then it does what it would have done
   * without the library. A program that does not listen for it ends by it (status 143 in a shell), once the Snakepit is
   * closed; a second SIGTERM waits for nothing. A program that listens for SIGTERM decides itself what ends, and calls
   * `close()` when it sees fit. `false` lets SIGTERM do its work at once, and calls be made behind it. @default true
   */
  readonly drainOnSigterm?: boolean | undefined
  /**
   * The folder with the Python half of the package, for programs that are bundled: a copy of `bridge-py` of the npm
   * package, or what `unpackBridge()` of `snakepit/embedded` returns. One for the whole program. Default:
   * `SNAKEPIT_BRIDGE_PATH`, else `bridge-py` in a folder above this module, the program's first file or its executable.
   */
  readonly bridgePath?: string | undefined
}

/** {@link SnakepitOptions}, complete. The first pool is the default. */
export interface SnakepitSettings {
  readonly pools: readonly NamedPoolSettings[]
  readonly onLog: ((log: WorkerLog) => void) | undefined
  readonly keepAlive: boolean
  readonly drainOnSigterm: boolean
}

/** {@link NamedPoolOptions}, complete. */
export interface NamedPoolSettings {
  readonly worker: WorkerSetup
  readonly pool: PoolSettings
  readonly calls: CallSettings
}

/** {@link CallDefaults}, complete. */
export interface CallSettings {
  readonly timeout: number
  readonly streamTimeout: number
  readonly idleTimeout: number
  readonly cancelGrace: number
  readonly window: Window
  readonly retry: RetryRules | false
}

const ownNames: readonly string[] = [
  'pools',
  'onLog',
  'keepAlive',
  'drainOnSigterm',
  'bridgePath',
] satisfies (keyof SnakepitOptions)[]
const callDefaultNames: readonly string[] = [
  'timeout',
  'streamTimeout',
  'idleTimeout',
  'cancelGrace',
  'window',
  'retry',
] satisfies (keyof CallDefaults)[]
const poolOptionNames = Object.keys(resolvePoolOptions()).filter((name) => name !== 'name')
const namedPoolNames: readonly string[] = [...workerOptionNames, ...callDefaultNames, ...poolOptionNames]

/**
 * Checks all options. Throws `invalid_option` that names the option, the value and what was expected, and
 * `environment_failed` when the Python half of the package is not to be found.
 */
export function resolveSnakepitOptions(options: SnakepitOptions): SnakepitSettings {
  const own = readOnce('options', options)
  refuseUnknown(own, [...namedPoolNames, ...ownNames], 'Snakepit.open')
  const { pools, onLog, keepAlive = false, drainOnSigterm = true, bridgePath, ...common } = own
  if (typeof keepAlive !== 'boolean') throw unexpected('keepAlive', 'true or false', keepAlive)
  if (typeof drainOnSigterm !== 'boolean') throw unexpected('drainOnSigterm', 'true or false', drainOnSigterm)
  if (onLog !== undefined && typeof onLog !== 'function') throw unexpected('onLog', 'a function', onLog)
  const program = { onLog, keepAlive, drainOnSigterm }
  const settings = Object.freeze({ pools: resolvePools(pools, common), ...program })
  useBridge(bridgePath)
  return settings
}

function resolvePools(pools: SnakepitOptions['pools'], common: Partial<NamedPoolOptions>): NamedPoolSettings[] {
  if (pools === undefined) return [resolveNamedPool('default', common)]
  if (typeof pools !== 'object' || pools === null || Array.isArray(pools) || Object.keys(pools).length === 0) {
    throw unexpected('pools', 'an object with at least one pool', pools)
  }
  return Object.entries(pools).map(([name, own]) => within(name, own, common))
}

/** Options of one of several pools; what is wrong with them is said with the pool's name. */
function within(name: string, own: unknown, common: Partial<NamedPoolOptions>): NamedPoolSettings {
  if (typeof own !== 'object' || own === null || Array.isArray(own)) throw unexpected(`pools.${name}`, 'an object', own)
  try {
    refuseUnknown(own, namedPoolNames, `pool '${name}'`)
    return resolveNamedPool(name, { ...common, ...own })
  } catch (error) {
    if (!(error instanceof SnakepitError)) throw error
    const { code, message, details, cause } = error
    throw new SnakepitError(code, `pool '${name}': ${message}`, { details: { ...details, pool: name }, cause })
  }
}

function resolveNamedPool(name: string, options: Partial<NamedPoolOptions>): NamedPoolSettings {
  const poolOptions = Object.fromEntries(Object.entries(options).filter(([key]) => poolOptionNames.includes(key)))
  const worker = resolveWorkerOptions(options as WorkerOptions)
  const forThreads =
    worker.threads === undefined || options.concurrency !== undefined ? {} : { concurrency: worker.threads }
  const pool = resolvePoolOptions({ ...poolOptions, ...forThreads, name })
  if (worker.threads !== undefined && worker.threads > pool.concurrency) {
    const expected = `at most the \`concurrency\` of ${pool.concurrency}: more threads would never have a call`
    throw unexpected('threads', expected, worker.threads)
  }
  return Object.freeze({ worker, pool, calls: resolveCallDefaults(options) })
}

function resolveCallDefaults(options: CallDefaults): CallSettings {
  const { timeout = 30_000, streamTimeout = 300_000, idleTimeout = Infinity, cancelGrace = 2_000, window } = options
  return Object.freeze({
    timeout: timeLimit('timeout', timeout),
    streamTimeout: timeLimit('streamTimeout', streamTimeout),
    idleTimeout: timeLimit('idleTimeout', idleTimeout),
    cancelGrace: timeLimit('cancelGrace', cancelGrace),
    window: resolveWindow(window),
    retry: readRetry('retry', options.retry),
  })
}
