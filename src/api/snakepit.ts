// The door of the library: opens pools of Python workers, calls their tools, closes them.
import type { AsyncResource } from 'node:async_hooks'
import { merge, type Observable } from 'rxjs'
import { listed, nearest, shorten } from '../errors/expectation.js'
import { unexpected } from '../errors/invalid-option.js'
import { SnakepitError } from '../errors/snakepit-error.js'
import type { PoolState, PoolStats } from '../pool/index.js'
import { callersContext, inNobodysContext, inSubscribersContext } from '../streams/async-context.js'
import { time } from '../time/time.js'
import { removeLeftOvers } from '../worker/left-overs.js'
import type { WorkerLog } from '../worker/worker-event.js'
import { type CallOptions, noOptions, type StreamOptions } from './call-options.js'
import type { ChunkStream } from './chunk-stream.js'
import { type CloseOptions, checkCloseOptions, checkDrain } from './close-options.js'
import { heldOpen } from './held-open.js'
import type { Means } from './means.js'
import { NamedPool } from './named-pool.js'
import { onProgramEnd } from './program-end.js'
import { readSessionOptions, Session, type SessionOptions } from './session.js'
import { checkSessionId } from './session-id.js'
import type { ToolArguments } from './session-pool.js'
import { eventsOf, type SnakepitEvent } from './snakepit-event.js'
import {
  type NamedPoolSettings,
  resolveSnakepitOptions,
  type SnakepitOptions,
  type SnakepitSettings,
} from './snakepit-options.js'
import { onTermination } from './termination.js'
import type { ChunkOf, Returned, Untyped } from './untyped.js'
import { WorkerOutput } from './worker-output.js'
import { type Worker, workerOf } from './worker-view.js'

export type { CloseOptions } from './close-options.js'

/**
 * Pools of warm Python workers whose tools are called like functions.
 *
 * @example
 * ```ts
 * await using pit = await Snakepit.open({ adapter: './tools.py' })
 * await pit.execute('add', { a: 1, b: 2 }) // 3
 * for await (const epoch of pit.stream('train', { epochs: 10 }).values()) console.log(epoch)
 * ```
 */
export class Snakepit implements AsyncDisposable {
  readonly #pools: ReadonlyMap<string, NamedPool>
  readonly #first: NamedPool
  readonly #output: WorkerOutput
  readonly #alive: NodeJS.Timeout | undefined
  readonly #leaveProgramEnd: () => void
  readonly #leaveTermination: () => void = () => undefined

  private constructor(
    pools: readonly [NamedPool, ...NamedPool[]],
    output: WorkerOutput,
    { keepAlive, drainOnSigterm }: Pick<SnakepitSettings, 'keepAlive' | 'drainOnSigterm'>,
  ) {
    this.#pools = new Map(pools.map((pool) => [pool.name, pool]))
    this.#first = pools[0]
    this.#output = output
    this.#alive = keepAlive ? time.setInterval(() => undefined, 2 ** 30) : undefined
    this.#leaveProgramEnd = onProgramEnd(() => this.close())
    if (!drainOnSigterm) return
    this.#leaveTermination = onTermination({
      drain: () => this.drain(Infinity),
      close: (hurry) => this.close(hurry ? { drain: 0 } : {}),
    })
  }

  /**
   * Finds or builds the Python that is needed, starts the workers, and resolves when every pool has one that is ready;
   * the others follow.
   *
   * @throws SnakepitError `invalid_option`, `python_not_found`, `environment_failed`, or `worker_start_failed` with the
   *   traceback or the last lines of output: the first of them at once, never a bare timeout. The other pools are stopped
   *   again, and what they were searching or building is ended
   */
  static open(options: SnakepitOptions): Promise<Snakepit> {
    return Snakepit.openWith(options, {})
  }

  /**
   * The same with other means than the real ones: what tests break things with.
   *
   * @internal
   */
  static async openWith(options: SnakepitOptions, means: Means): Promise<Snakepit> {
    const settings = resolveSnakepitOptions(options)
    // What is made here outlives the request that may have opened it.
    const opener = callersContext()
    return inNobodysContext(() => Snakepit.#start(settings, means, opener))
  }

  static async #start(settings: SnakepitSettings, means: Means, opener: AsyncResource): Promise<Snakepit> {
    // Nobody waits for it: what earlier runs left behind is in nobody's way.
    void removeLeftOvers()
    const { onLog } = settings
    const output = new WorkerOutput(onLog && ((log) => opener.runInAsyncScope(onLog, undefined, log)))
    const failed = new AbortController()
    const begun: NamedPool[] = []
    const start = async (pool: NamedPoolSettings) => {
      const named = await NamedPool.prepare(pool, means, opener, failed.signal)
      failed.signal.throwIfAborted()
      begun.push(named)
      output.hear(named.pool.roster$, named.print)
      await named.start()
      return named
    }
    try {
      const pools = await Promise.all(settings.pools.map(start))
      return new Snakepit(pools as [NamedPool, ...NamedPool[]], output, settings)
    } catch (error) {
      failed.abort(error)
      await Promise.all(begun.map(({ pool }) => pool.close({ drain: 0 })))
      throw error
    }
  }

  /**
   * What the workers print and log, line by line. The first subscriber also gets what came before it, from the start of
   * the workers on (up to 1000 lines); later ones get what comes. While somebody is subscribed nothing is printed, unless
   * the option `logs.print` says so.
   */
  get logs$(): Observable<WorkerLog> {
    return this.#output.logs$.pipe(inSubscribersContext())
  }

  /**
   * What happens inside, as it happens: workers that come and go, calls that had to be left or run again.
   *
   * @example
   * ```ts
   * pit.events$.pipe(filter(({ type }) => type === 'worker-exited')).subscribe(console.error)
   * ```
   */
  get events$(): Observable<SnakepitEvent> {
    return merge(...[...this.#pools.values()].map(({ pool }) => eventsOf(pool))).pipe(inSubscribersContext())
  }

  /** How a pool is: replayed to whoever subscribes, then each change. Completes when it is closed. */
  state$(pool?: string): Observable<PoolState> {
    return this.#poolOf(pool).pool.state$.pipe(inSubscribersContext())
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
  async execute<T = Untyped>(tool: string, args: ToolArguments = {}, options: CallOptions = noOptions): Promise<T> {
    return this.#poolOf(options?.pool).execute(tool, args, options) as Promise<T>
  }

  /**
   * Calls a tool that streams. Nothing happens until the result is iterated or subscribed to; each time is a call.
   *
   * @typeParam T what the tool yields
   * @typeParam R what its generator returns, as a rule nothing (`null`)
   * @param args its parameters by name; encoded when a call begins
   * @throws SnakepitError `invalid_option` and `invalid_argument` at once; the others, as with `execute`, and
   *   `streaming_not_supported`, `idle_timeout`, when iterated
   */
  stream<T = Untyped, R = Returned<T>, C = ChunkOf<T, R>>(
    tool: string,
    args: ToolArguments = {},
    options: StreamOptions = noOptions,
  ): ChunkStream<T, R, C> {
    return this.#poolOf(options?.pool).stream(tool, args, options) as ChunkStream<T, R, C>
  }

  /**
   * A session: calls that share a worker and the state it keeps for them. Asking again for one that is open gives the
   * same; its options stay what they were.
   *
   * @param id a name for it, 1 to 256 characters without control characters or lone surrogates
   * @throws SnakepitError `invalid_option`, `pool_not_found`
   */
  session(id: string, options: SessionOptions = {}): Session {
    checkSessionId(id)
    const read = readSessionOptions(options)
    const pool = this.#poolOf(read.pool)
    const known = pool.session(id)
    if (known !== undefined) return known
    const session = new Session(id, pool, read)
    pool.remember(session, read)
    return session
  }

  /** The workers of all pools, or of one, as they are now. */
  workers(pool?: string): readonly Worker[] {
    const pools = pool === undefined ? [...this.#pools.values()] : [this.#poolOf(pool)]
    return pools.flatMap((each) => each.pool.workers().map(workerOf))
  }

  /** Counts, latencies and workers by state of a pool, as they are now. */
  stats(pool?: string): PoolStats {
    return this.#poolOf(pool).pool.stats()
  }

  /** Resolves when every worker of every pool, or of one, is ready; rejects when one of them cannot become so. */
  async ready(pool?: string): Promise<void> {
    const pools = pool === undefined ? [...this.#pools.values()] : [this.#poolOf(pool)]
    await heldOpen(Promise.all(pools.map((each) => each.pool.allReady())))
  }

  /**
   * Takes no more calls and lets the accepted ones finish; the workers stay until `close`.
   *
   * @param limit milliseconds to wait; `Infinity` allowed. Default: the option `drain`
   * @returns true when all finished in time
   * @throws SnakepitError `invalid_option`: everything goes on then
   */
  async drain(limit?: number): Promise<boolean> {
    checkDrain('limit', limit)
    const drained = await heldOpen(Promise.all([...this.#pools.values()].map(({ pool }) => pool.drain(limit))))
    return drained.every((all) => all)
  }

  /**
   * Takes no more calls, lets the accepted ones finish, stops the workers. Always resolves, however the workers behave;
   * may be called again, also to cut an earlier call's `drain` short.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    checkCloseOptions(options)
    this.#leaveProgramEnd()
    await heldOpen(Promise.all([...this.#pools.values()].map(({ pool }) => pool.close(options))))
    time.clearInterval(this.#alive)
    this.#leaveTermination()
  }

  /** The same as `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #poolOf(name: string | undefined): NamedPool {
    if (name === undefined) return this.#first
    const pool = this.#pools.get(name)
    if (pool !== undefined) return pool
    if (typeof name !== 'string') throw unexpected('pool', 'the name of a pool', name)
    const meant = nearest(name, this.#pools.keys())
    const hint = meant === undefined ? `there are ${listed(this.#pools.keys())}` : `did you mean '${meant}'?`
    throw new SnakepitError('pool_not_found', `there is no pool '${shorten(name)}'; ${hint}`, {
      details: { pool: name },
    })
  }
}
