// A session: calls that belong together, and the worker that keeps their state.
import type { AsyncResource } from 'node:async_hooks'
import { describe } from '../errors/expectation.js'
import { oneOf, readOnce, refuseUnknown, timeLimit, unexpected } from '../errors/invalid-option.js'
import { SnakepitError } from '../errors/snakepit-error.js'
import { type Affinity, affinities, type LossReason, type SessionFact } from '../pool/index.js'
import { callersContext } from '../streams/async-context.js'
import { type CallOptions, noOptions, type StreamOptions } from './call-options.js'
import type { ChunkStream } from './chunk-stream.js'
import { readMetadata } from './metadata-option.js'
import { currentHookRun, type HookRun, insideHook } from './rebuilding.js'
import type { SessionCall, SessionPool, ToolArguments } from './session-pool.js'
import type { ChunkOf, Returned, Untyped } from './untyped.js'

/** What became of a session whose worker went away. */
export interface SessionLoss {
  /** The session. */
  readonly session: string
  /** The worker that held its state. */
  readonly worker: string
  /** Why it went. */
  readonly because: LossReason
}

/** Options of a session. */
export interface SessionOptions {
  /** How closely the session keeps to its worker. Default: the pool's. */
  readonly affinity?: Affinity | undefined
  /** Milliseconds that it lives after its last call; `Infinity` allowed. Default: the pool's `sessionTtl`. */
  readonly ttl?: number | undefined
  /** What tools find in `context.session_metadata`. @default {} */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /** The pool that runs it. Default: the first. */
  readonly pool?: string | undefined
  /**
   * Told when the session's worker is gone, and its state with it, whoever still holds the session. Calls that are made
   * meanwhile wait until it has ended; its own run at once, to build the state again on another worker: those of the
   * session that it is handed, and all that it makes before it has ended (by the session itself, or by its id), for
   * which Node follows what caused them (`AsyncLocalStorage`). If it throws, the calls that waited fail with
   * `session_worker_unavailable`. Without it, a strict session refuses its calls until it is ended or renewed.
   */
  readonly onLost?: ((session: SessionCalls, loss: SessionLoss) => void | PromiseLike<void>) | undefined
}

/** The verbs of a session. */
export interface SessionCalls {
  /** Calls a tool in the session; see `Snakepit.execute`. */
  execute<T = Untyped>(tool: string, args?: ToolArguments, options?: SessionCallOptions): Promise<T>
  /** Streams from a tool in the session; see `Snakepit.stream`. */
  stream<T = Untyped, R = Returned<T>, C = ChunkOf<T, R>>(
    tool: string,
    args?: ToolArguments,
    options?: SessionStreamOptions,
  ): ChunkStream<T, R, C>
}

/** Options of a call in a session: the session has chosen the pool. */
export type SessionCallOptions = Omit<CallOptions, 'session' | 'pool'>
/** Options of a stream in a session. */
export type SessionStreamOptions = Omit<StreamOptions, 'session' | 'pool'>

const optionNames: readonly string[] = [
  'affinity',
  'ttl',
  'metadata',
  'pool',
  'onLost',
] satisfies (keyof SessionOptions)[]

/** The options of a session, read once and checked. Throws `invalid_option`. */
export function readSessionOptions(given: SessionOptions): SessionOptions {
  const options = readOnce('session options', given)
  refuseUnknown(options, optionNames, 'session()')
  const { affinity, ttl, metadata, onLost } = options
  if (affinity !== undefined) oneOf('affinity', affinity, affinities)
  if (ttl !== undefined) timeLimit('ttl', ttl)
  if (onLost !== undefined && typeof onLost !== 'function') throw unexpected('onLost', 'a function', onLost)
  return metadata === undefined ? options : { ...options, metadata: readMetadata(metadata) }
}

/** Where a session stands. */
type State =
  | { readonly type: 'open' }
  /** Its state is being built again; calls wait for it. */
  | { readonly type: 'rebuilding'; readonly done: Promise<void> }
  | { readonly type: 'over'; readonly reason: 'ended' | 'expired' }

/**
 * Calls that belong together. The first one binds the session to a worker, before it is sent; Python finds the
 * session's id, metadata and a `state` dict in `context`.
 *
 * @example
 * ```ts
 * const session = pit.session('user-42', { affinity: 'strict_queue' })
 * await session.execute('load_model', { name: 'small' })
 * await session.execute('predict', { text })
 * await session.end()
 * ```
 */
export class Session implements SessionCalls {
  /** The name that the program gave it. */
  readonly id: string
  readonly #pool: SessionPool
  readonly #options: SessionOptions
  /** That of whoever made the session, for its `onLost`. */
  readonly #context: AsyncResource | undefined
  #state: State = { type: 'open' }
  /** The runs of `onLost` that have not ended: one as a rule. */
  readonly #hookRuns = new Set<HookRun>()

  /** Made by `Snakepit.session`. */
  constructor(id: string, pool: SessionPool, options: SessionOptions) {
    this.id = id
    this.#pool = pool
    this.#options = options
    if (options.onLost !== undefined) this.#context = callersContext()
  }

  async execute<T = Untyped>(
    tool: string,
    args: ToolArguments = {},
    options: SessionCallOptions = noOptions,
  ): Promise<T> {
    return this.#pool.execute(tool, args, options, this.call()) as Promise<T>
  }

  stream<T = Untyped, R = Returned<T>, C = ChunkOf<T, R>>(
    tool: string,
    args: ToolArguments = {},
    options: SessionStreamOptions = noOptions,
  ): ChunkStream<T, R, C> {
    return this.#pool.stream(tool, args, options, () => this.call()) as ChunkStream<T, R, C>
  }

  /**
   * Ends the session: its state in Python is freed once its running calls are done, and calls of it that wait are
   * refused.
   *
   * @throws SnakepitError `session_ended` when it has ended or expired already
   */
  async end(): Promise<void> {
    this.#throwIfOver()
    this.#pool.endSession(this.id)
    // A session that never made a call is not known to the pool.
    this.over('ended')
  }

  /** Begins the time to live anew, as a call would. */
  touch(): void {
    this.#throwIfOver()
    this.#pool.touchSession(this.id)
  }

  /** Lets a strict session whose worker is gone begin anew on another one with its next call. */
  renew(): void {
    this.#throwIfOver()
    this.#pool.renewSession(this.id)
  }

  /** What the session adds to a call that begins now. Throws `session_ended` when it is over. */
  call(): SessionCall {
    this.#throwIfOver()
    if (this.#isInsideHook) return this.#callOf(undefined, true)
    return this.#callOf(this.#state.type === 'rebuilding' ? this.#state.done : undefined, false)
  }

  /** The session's worker is gone. */
  lost({ worker, because, rebinds }: Extract<SessionFact, { type: 'session-lost' }>): void {
    const { onLost } = this.#options
    if (onLost === undefined || because === 'closed' || this.#state.type === 'over') return
    const previous = this.#state.type === 'rebuilding' ? this.#state.done.catch(() => undefined) : Promise.resolve()
    const loss = { session: this.id, worker: worker.info.id, because }
    const done = previous.then(() => this.#rebuild(onLost, loss, rebinds))
    // Those who wait hear of it; with nobody waiting, the next call finds the session as it is.
    done.catch(() => undefined)
    const rebuilding: State = { type: 'rebuilding', done }
    this.#state = rebuilding
    const open = () => {
      if (this.#state === rebuilding) this.#state = { type: 'open' }
    }
    done.then(open, open)
  }

  /** The session is over; told by the pool, or by {@link end}. */
  over(reason: 'ended' | 'expired'): void {
    this.#state = { type: 'over', reason }
  }

  async #rebuild(onLost: NonNullable<SessionOptions['onLost']>, loss: SessionLoss, rebinds: boolean): Promise<void> {
    this.#throwIfOver()
    if (!rebinds) this.#pool.renewSession(this.id)
    const run: HookRun = {}
    try {
      this.#hookRuns.add(run)
      await this.#context?.runInAsyncScope(insideHook, undefined, run, () => onLost(this.#atOnce(), loss))
    } catch (cause) {
      this.#throwIfOver()
      throw new SnakepitError(
        'session_worker_unavailable',
        `session '${this.id}' lost worker ${loss.worker}, and \`onLost\` could not build its state again: ${messageOf(cause)}`,
        { details: { ...loss }, cause },
      )
    } finally {
      this.#hookRuns.delete(run)
    }
    // It may have ended meanwhile: those who waited must not begin it anew.
    this.#throwIfOver()
  }

  /** The call that is made now comes from a hook that builds this session: it would wait for itself. */
  get #isInsideHook(): boolean {
    const run = currentHookRun()
    return run !== undefined && this.#hookRuns.has(run)
  }

  /** The session for its own `onLost`: its calls do not wait for themselves. */
  #atOnce(): SessionCalls {
    const call = () => {
      this.#throwIfOver()
      return this.#callOf(undefined, true)
    }
    return {
      execute: <T>(tool: string, args: ToolArguments = {}, options: SessionCallOptions = noOptions) =>
        this.#pool.execute(tool, args, options, call()) as Promise<T>,
      stream: <T, R, C>(tool: string, args: ToolArguments = {}, options: SessionStreamOptions = noOptions) =>
        this.#pool.stream(tool, args, options, call) as ChunkStream<T, R, C>,
    }
  }

  #callOf(after: Promise<void> | undefined, isAccepted: boolean): SessionCall {
    const { affinity = this.#pool.affinity, ttl, metadata = {} } = this.#options
    return { ticket: { id: this.id, affinity, ttl }, metadata, after, isAccepted }
  }

  #throwIfOver(): void {
    if (this.#state.type !== 'over') return
    throw new SnakepitError('session_ended', `session '${this.id}' has ${this.#state.reason}: begin another one`, {
      details: { session: this.id, reason: this.#state.reason },
    })
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : describe(cause)
}
