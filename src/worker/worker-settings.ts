// Everything that one worker process is started with.
import type { CallHandler } from '../peer/incoming-call.js'
import type { WorkerEnvironment } from '../python/index.js'
import type { Wire } from '../wire/wire.js'
import type { Heartbeat } from './life-signs.js'
import type { LogRules } from './log-gate.js'

/** Where the tools come from: a file or an importable module, and in it a class or all its tools. */
export interface AdapterSettings {
  /** How the program wrote it, for sentences. */
  readonly written: string
  readonly source: { readonly file: string } | { readonly module: string }
  /** Name of a `BaseAdapter` class; undefined serves what the module offers. */
  readonly attribute: string | undefined
}

/** How host and worker reach each other. */
export type TransportSettings =
  /** A pair of sockets that the worker inherits. */
  | { readonly kind: 'pipe'; readonly codec: 'msgpack'; readonly reason: string }
  | { readonly kind: 'grpc-unix'; readonly reason: string }
  /** Ports are tried from first to last; `[0, 0]` takes any free one. */
  | {
      readonly kind: 'grpc-tcp'
      readonly host: string
      readonly ports: readonly [number, number]
      readonly reason: string
    }

/** Reaches a worker at the address that it listens on, as the host that has this token. */
export type Connect = (address: string, token: string) => Wire

/** Everything that one worker process is started with. Times are milliseconds. */
export interface WorkerSettings {
  /** Name of the worker's place in its pool; it outlives restarts. */
  readonly id: string
  /** Path of the interpreter. */
  readonly python: string
  /** Version of the interpreter: some flags are younger than others. */
  readonly pythonVersion: string
  /** The environment of the process, and what it is told of the host's. */
  readonly environment: WorkerEnvironment
  readonly cwd: string
  readonly adapter: AdapterSettings
  readonly transport: TransportSettings
  /** Threads that run sync tools side by side; undefined runs them on the main thread. */
  readonly threads: number | undefined
  /** From spawn to ready. */
  readonly startTimeout: number
  /** How closely it is watched; false for not at all: a debugger may hold it for as long as it likes. */
  readonly heartbeat: Heartbeat | false
  /** What running calls get when the worker is stopped. */
  readonly stopGrace: number
  /** What is done to its output. */
  readonly logs: LogRules
  /** Answers calls from Python. */
  readonly handler: CallHandler
  /** How the worker is reached; by gRPC unless somebody has other ideas. */
  readonly connect?: Connect | undefined
}
