// The door of the library: opens a pool of Python workers, calls their tools, closes it.
import { filter, map, type Observable } from 'rxjs'
import { encodeValue } from '../codec/msgpack.js'
import { Pool, type PoolStats } from '../pool/index.js'
import { childEnvironment, resolvePython } from '../python/index.js'
import { worker$ } from '../worker/worker.js'
import type { WorkerLog } from '../worker/worker-event.js'
import { serveTools } from '../peer/serve-tools.js'
import { type CallOptions, checkCall, checkCallOptions, type StreamOptions } from './call-options.js'
import { CallRun, type CallSpec } from './call-run.js'
import { ChunkStream } from './chunk-stream.js'
import { resolveSnakepitOptions, type SnakepitOptions, type SnakepitSettings } from './snakepit-options.js'
import { runToEnd } from './unary-call.js'
import { resolveWindow } from './window-option.js'
import { type Worker, workerOf } from './worker-view.js'

/** Parameter names and values, as a Python function takes them by keyword. */
export type ToolArguments = Readonly<Record<string, unknown>>

/**
 * What a tool gives when the call does not name a type: as with `JSON.parse`, the program knows better than the library.
 */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Untyped = any

/** How to close. */
export interface CloseOptions {
  /** Milliseconds that accepted calls get to finish; `Infinity` allowed. @default 10_000 */
  readonly drain?: number
}

/**
 * A pool of warm Python workers whose tools are called like functions.
 *
 * @example
 * ```ts
 * await using pit = await Snakepit.open({ adapter: './tools.py' })
 * await pit.execute('add', { a: 1, b: 2 }) // 3
 * for await (const epoch of pit.stream('train', { epochs: 10 }).values()) console.log(epoch)
 * ```
 */
export class Snakepit implements AsyncDisposable {
  readonly #settings: SnakepitSettings
  readonly #pool: Pool

  private constructor(settings: SnakepitSettings, pool: Pool) {
    this.#settings = settings
    this.#pool = pool
  }

  /**
   * Finds or builds the Python that is needed, starts the workers, and resolves when one of them is ready; the others
   * follow.
   *
   * @throws SnakepitError `invalid_option`, `python_not_found`, `environment_failed`, or `worker_start_failed` with the
   *   traceback or the last lines of output: at once, never a bare timeout
   */
  static async open(options: SnakepitOptions): Promise<Snakepit> {
    const settings = resolveSnakepitOptions(options)
    const pool = new Pool(settings.pool, { spawn: await spawner(settings) })
    try {
      await pool.start()
    } catch (error) {
      await pool.close({ drain: 0 })
      throw error
    }
    return new Snakepit(settings, pool)
  }

  /** What the workers print and log, line by line. Lines that nobody listens to are dropped. */
  get logs$(): Observable<WorkerLog> {
    return this.#pool.roster$.pipe(
      map((news) => (news.type === 'worker-event' && news.event.type === 'log' ? news.event.log : undefined)),
      filter((log) => log !== undefined),
    )
  }

  /**
   * Calls a tool and resolves with what it returns.
   *
   * @typeParam T what the tool returns
   * @param tool name of the tool
   * @param args its parameters by name; encoded before this returns, so later changes do not matter
   * @throws SnakepitError of the code that fits: `tool_not_found`, `invalid_parameter`, `streaming_required`, `timeout`,
   *   `queue_timeout`, `pool_saturated`, `worker_crashed`, `invalid_argument`, `invalid_option`; {@link PythonError} when
   *   the tool raises; the reason of `signal` when that fires
   */
  async execute<T = Untyped>(tool: string, args: ToolArguments = {}, options: CallOptions = {}): Promise<T> {
    checkCallOptions(options, false)
    return runToEnd(this.#pool, this.#specOf(tool, args, options, this.#settings.calls.timeout)) as Promise<T>
  }

  /**
   * Calls a tool that streams. Nothing happens until the result is iterated or subscribed to; each time is a call.
   *
   * @param args its parameters by name; encoded when a call begins
   * @throws SnakepitError `invalid_option` and `invalid_argument` at once; the others, as with `execute`, and
   *   `streaming_not_supported`, `idle_timeout`, when iterated
   */
  stream<T = Untyped, R = null>(tool: string, args: ToolArguments = {}, options: StreamOptions = {}): ChunkStream<T, R> {
    checkCallOptions(options, true)
    checkCall(tool, args)
    const { streamTimeout, window } = this.#settings.calls
    const resolved = resolveWindow(options.window, window)
    return new ChunkStream((owner) => {
      const spec = { ...this.#specOf(tool, args, options, streamTimeout), window: resolved }
      return new CallRun(this.#pool, spec, owner)
    })
  }

  /** The workers, as they are now. */
  workers(): readonly Worker[] {
    return this.#pool.workers().map(workerOf)
  }

  /** Counts, latencies and workers by state, as they are now. */
  stats(): PoolStats {
    return this.#pool.stats()
  }

  /** Resolves when every worker is ready; rejects when one of them cannot become so. */
  ready(): Promise<void> {
    return this.#pool.allReady()
  }

  /**
   * Takes no more calls, lets the accepted ones finish, stops the workers. Always resolves; may be called again, also to
   * cut an earlier call's `drain` short.
   */
  close(options: CloseOptions = {}): Promise<void> {
    return this.#pool.close(options)
  }

  /** The same as `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #specOf(tool: string, args: ToolArguments, options: StreamOptions, timeout: number): CallSpec {
    checkCall(tool, args)
    return {
      tool,
      arguments: encodeValue(args),
      window: undefined,
      session: undefined,
      sessionMetadata: {},
      metadata: options.metadata ?? {},
      signal: options.signal,
      timeout: options.timeout ?? timeout,
      idleTimeout: options.idleTimeout ?? this.#settings.calls.idleTimeout,
      queueTimeout: options.queueTimeout ?? this.#settings.pool.queueTimeout,
      onProgress: options.onProgress,
    }
  }
}

/** Everything that a pool's workers have in common, as the way to start one. */
async function spawner({ worker, pool }: SnakepitSettings) {
  const { python, requirements, cwd, adapter, transport, startTimeout, environment, onSetup } = worker
  const { executable, version } = await resolvePython({ python, requirements, cwd, onProgress: onSetup })
  const common = {
    python: executable,
    pythonVersion: version,
    env: childEnvironment(environment, pool.size),
    cwd,
    adapter,
    transport,
    concurrency: pool.concurrency,
    startTimeout,
    // The pool has drained when it stops a worker: what still runs has had its time.
    stopGrace: 0,
    handler: serveTools(new Map()),
  }
  return (id: string, stop$: Observable<unknown>) => worker$({ id, ...common }, stop$)
}
