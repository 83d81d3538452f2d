// What a program may say about its Python workers: what they serve, what runs them, how they are reached.
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { oneOf, timeLimit, unexpected, wholeNumber } from '../errors/invalid-option.js'
import { type EnvironmentOptions, type EnvironmentSettings, resolveEnvironmentOptions } from '../python/index.js'
import type { Heartbeat } from '../worker/life-signs.js'
import type { AdapterSettings, TransportSettings } from '../worker/worker-settings.js'
import { resolveAdapter } from './adapter-source.js'
import { type HeartbeatOptions, readHeartbeat } from './heartbeat-option.js'
import { type LogsOptions, type LogsSettings, readLogs } from './logs-option.js'

/** Options of the worker processes. Times are milliseconds. */
export interface WorkerOptions extends EnvironmentOptions {
  /**
   * Where the tools are: a file (`'./tools.py'`, a file URL), a module (`'package.tools'`), or a `BaseAdapter` class in
   * either (`'./tools.py:Model'`).
   */
  readonly adapter: string | URL
  /**
   * The interpreter: a path or a command. Default: the first that fits of `SNAKEPIT_PYTHON`, the active environment,
   * `.venv`, a managed environment, uv, `PATH`; a managed environment is built where none does.
   */
  readonly python?: string | undefined
  /** Packages that the tools need, as pip knows them, or the path of a requirements file. @default [] */
  readonly requirements?: readonly string[] | string | undefined
  /** What relative paths start from, and where workers run. Default: the working directory. */
  readonly cwd?: string | undefined
  /**
   * Runs sync tools on so many threads of each worker, side by side: for tools that wait, or compute outside of Python's
   * lock, on what is loaded once. Their author has to declare them safe for it (`ThreadSafeAdapter` in Python), and
   * `concurrency` becomes this number if it is not said. A thread cannot be interrupted while it blocks: see
   * docs/cancellation.md. An integer from 1 to 1024. Default: the main thread, one at a time.
   */
  readonly threads?: number | undefined
  /**
   * How host and worker talk: `grpc`, on a unix socket, or on TCP with `host` and `basePort`; or `msgpack`, frames on a
   * pair of sockets that the worker inherits and nobody else can open, which costs a fraction per call (docs/pools.md).
   * `auto` is `grpc`. @default 'auto'
   */
  readonly transport?: 'auto' | 'grpc' | 'msgpack' | undefined
  /** Listen on TCP at this loopback address instead of a unix socket: `127.0.0.1`, `::1` or `localhost`. */
  readonly host?: string | undefined
  /** First TCP port to try; 0 takes any free one. Given alone, it means `127.0.0.1`. @default 0 */
  readonly basePort?: number | undefined
  /** How many ports are tried from `basePort` on. @default 100 */
  readonly portRange?: number | undefined
  /** From spawn to ready; importing a large library counts. `Infinity` for no limit. @default 60_000 */
  readonly startTimeout?: number | undefined
  /**
   * How closely workers are watched. Python that is silent while it works hard is `busy`, for as long as it likes; a worker
   * whose process is suspended or wedged is replaced, and its calls end with `worker_unresponsive`. `false` watches
   * nobody: for whoever stops a worker in a debugger. @default { interval: 2_000, timeout: 5_000 }
   */
  readonly heartbeat?: HeartbeatOptions | false | undefined
  /** What is done to what workers print and log, and where it goes. @default { rate: 1000, redact: true } */
  readonly logs?: LogsOptions | undefined
  /** Told what is done while a Python environment is built, line by line. Default: one line on stderr when it begins. */
  readonly onSetup?: ((line: string) => void) | undefined
}

/** {@link WorkerOptions}, complete. */
export interface WorkerSetup {
  readonly adapter: AdapterSettings
  readonly python: string | undefined
  readonly requirements: readonly string[] | string
  readonly environment: EnvironmentSettings
  readonly cwd: string
  readonly threads: number | undefined
  readonly transport: TransportSettings
  readonly startTimeout: number
  readonly heartbeat: Heartbeat | false
  readonly logs: LogsSettings
  readonly onSetup: (line: string) => void
}

/** The names of {@link WorkerOptions}. */
export const workerOptionNames: readonly (keyof WorkerOptions)[] = [
  'adapter',
  'python',
  'requirements',
  'cwd',
  'threads',
  'env',
  'inheritEnv',
  'passEnv',
  'transport',
  'host',
  'basePort',
  'portRange',
  'startTimeout',
  'heartbeat',
  'logs',
  'onSetup',
]

/** Checks the options of the workers. Throws `invalid_option`. */
export function resolveWorkerOptions(options: WorkerOptions): WorkerSetup {
  const {
    adapter,
    python,
    requirements = [],
    threads,
    cwd = process.cwd(),
    startTimeout = 60_000,
    onSetup = announceOnce(),
  } = options
  if (typeof cwd !== 'string' || cwd === '') throw unexpected('cwd', 'a path', cwd)
  if (!isFolder(cwd)) throw unexpected('cwd', 'a folder that is there', cwd)
  if (typeof onSetup !== 'function') throw unexpected('onSetup', 'a function', onSetup)
  const folder = resolve(cwd)
  const { env, inheritEnv, passEnv } = options
  return Object.freeze({
    adapter: resolveAdapter(adapter, folder),
    python,
    requirements,
    environment: resolveEnvironmentOptions({ env, inheritEnv, passEnv }),
    cwd: folder,
    threads: threads === undefined ? undefined : wholeNumber('threads', threads, 1, mostThreads),
    transport: resolveTransport(options),
    startTimeout: timeLimit('startTimeout', startTimeout),
    heartbeat: readHeartbeat('heartbeat', options.heartbeat),
    logs: readLogs('logs', options.logs),
    onSetup,
  })
}

const mostThreads = 1024

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    // Not there, below a file, too long, or with a NUL in it.
    return false
  }
}

const loopback: readonly string[] = ['127.0.0.1', '::1', 'localhost']
const highestPort = 65_535

function resolveTransport({ transport = 'auto', host, basePort, portRange }: WorkerOptions): TransportSettings {
  oneOf('transport', transport, ['auto', 'grpc', 'msgpack'])
  const reason = transport === 'auto' ? 'the default' : 'asked for'
  const onNetwork = host !== undefined || basePort !== undefined || portRange !== undefined
  if (transport === 'msgpack') {
    if (onNetwork)
      throw unexpected('transport', "'grpc' or 'auto' where `host`, `basePort` or `portRange` is given", transport)
    return { kind: 'pipe', codec: 'msgpack', reason: 'MessagePack on a private pair of sockets: asked for' }
  }
  if (!onNetwork && process.platform !== 'win32') {
    return { kind: 'grpc-unix', reason: `gRPC: ${reason}; a unix socket: nothing listens on the network` }
  }
  if (host !== undefined && !loopback.includes(host))
    throw unexpected('host', 'a loopback address (127.0.0.1, ::1, localhost)', host)
  const first = wholeNumber('basePort', basePort ?? 0, 0, highestPort)
  const count = wholeNumber('portRange', portRange ?? 100, 1, highestPort)
  return {
    kind: 'grpc-tcp',
    host: host ?? '127.0.0.1',
    ports: first === 0 ? [0, 0] : [first, Math.min(first + count - 1, highestPort)],
    reason: `gRPC: ${reason}; TCP on loopback: asked for`,
  }
}

/** Building takes a minute: somebody who waits should know why. */
function announceOnce(): (line: string) => void {
  let said = false
  return (line) => {
    if (!said) process.stderr.write(`snakepit: ${line}\n`)
    said = true
  }
}
