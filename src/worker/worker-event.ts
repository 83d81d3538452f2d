// What a worker tells those who watch it.
import type { SnakepitError } from '../errors/snakepit-error.js'
import type { Peer } from '../peer/peer.js'
import type { ToolInfo } from '../peer/tool-info.js'
import type { LifeSign } from './life-sign.js'

/** Facts of one running worker process. */
export interface WorkerInfo {
  /** Name of the worker's place in its pool: `default-0`. It outlives restarts. */
  readonly id: string
  /** Random name of this very start of the worker. */
  readonly incarnation: string
  /** Process id of the Python process that runs the tools. */
  readonly pid: number
  readonly python: { readonly executable: string; readonly version: string; readonly implementation: string }
  /** Versions of the packages that matter to the bridge, where importable. */
  readonly packages: Readonly<Record<string, string>>
  /** The transport in use and the address it is live on. */
  readonly transport: { readonly kind: string; readonly address: string; readonly reason: string }
  /** Milliseconds from spawn to ready. */
  readonly startedInMs: number
  readonly tools: readonly ToolInfo[]
}

/** A worker that is ready for calls: one incarnation of it. */
export interface WorkerHandle {
  readonly info: WorkerInfo
  /** The calls on its wire. */
  readonly peer: Peer
}

/** One line of output of a worker, printed, or a record of Python's `logging`. */
export interface WorkerLog {
  readonly worker: string
  /** The call in whose course it was written, when known: its id on this worker. */
  readonly call: number | undefined
  readonly level: 'debug' | 'info' | 'warning' | 'error' | 'critical'
  /** `stdout`, `stderr`, or the Python logger's name. */
  readonly source: string
  /** One line; of a record as many as it has, its traceback included. */
  readonly message: string
  /** Milliseconds since 1970. */
  readonly time: number
  /** What `extra` gave a record, where it did: JSON values, up to 8 KiB. */
  readonly fields?: Readonly<Record<string, unknown>> | undefined
  /**
   * Of a record, what Python's own handlers wrote of it to stdout and stderr, in their format; empty when they did not.
   * Undefined for a line that was printed.
   */
  readonly shown?: string | undefined
}

/** Rungs of the stop ladder, in order: a message, the end of its input, SIGTERM, SIGKILL. */
export type StopRung = 'message' | 'input-closed' | 'terminated' | 'killed'

/** How a worker's process ended. */
export interface WorkerExit {
  /** Process id that it had; undefined for one that never became ready. */
  readonly pid?: number | undefined
  readonly code: number | undefined
  readonly signal: NodeJS.Signals | undefined
  /** The last lines it wrote on stdout and stderr. */
  readonly lastLines: readonly string[]
  /** The rung of the stop ladder that ended it; undefined when it went by itself. */
  readonly rung: StopRung | undefined
}

/** Everything that happens to one worker process, in order; `exited` is the last. */
export type WorkerEvent =
  | { readonly type: 'starting'; readonly worker: string; readonly incarnation: string }
  | { readonly type: 'ready'; readonly handle: WorkerHandle }
  | { readonly type: 'log'; readonly log: WorkerLog }
  | LifeSign
  | { readonly type: 'stopping'; readonly worker: string; readonly rung: StopRung }
  /** It never became ready; the error says why. The Observable completes after it. */
  | { readonly type: 'start-failed'; readonly worker: string; readonly error: SnakepitError }
  /** It was ready and is gone: `error` is what its calls are ended with; undefined after an ordered stop. */
  | {
      readonly type: 'exited'
      readonly worker: string
      readonly exit: WorkerExit
      readonly error: SnakepitError | undefined
    }
