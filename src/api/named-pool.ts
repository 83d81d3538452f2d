// One pool as the program's calls meet it: it knows the defaults, makes calls, and keeps the sessions that were asked for.
import type { AsyncResource } from 'node:async_hooks'
import { encodeValue } from '../codec/msgpack.js'
import { serveTools } from '../peer/serve-tools.js'
import { type Affinity, Pool, type SessionFact, type Spawn } from '../pool/index.js'
import { resolvePython, workerEnvironment } from '../python/index.js'
import { subscribedByNobody } from '../streams/async-context.js'
import { worker$ } from '../worker/worker.js'
import type { Connect } from '../worker/worker-settings.js'
import { type CallOptions, checkCall, readCallOptions, type StreamOptions } from './call-options.js'
import { CallRun } from './call-run.js'
import type { CallOwner, CallSpec } from './call-spec.js'
import { ChunkStream } from './chunk-stream.js'
import type { Means } from './means.js'
import { RememberedSessions } from './remembered-sessions.js'
import { Retries } from './retries.js'
import type { Session, SessionOptions } from './session.js'
import type { SessionCall, SessionPool, ToolArguments } from './session-pool.js'
import type { NamedPoolSettings } from './snakepit-options.js'
import { runToEnd } from './unary-call.js'
import { UnreadStreams } from './unread-streams.js'
import { resolveWindow } from './window-option.js'
import type { Print } from './worker-output.js'

/** A pool, its defaults and its sessions. */
export class NamedPool implements SessionPool {
  readonly name: string
  readonly pool: Pool
  readonly #settings: NamedPoolSettings
  readonly #retries: Retries | undefined
  readonly #sessions = new RememberedSessions()
  readonly #unread = new UnreadStreams()

  private constructor(settings: NamedPoolSettings, pool: Pool, random: () => number) {
    this.name = settings.pool.name
    this.#settings = settings
    this.pool = pool
    if (settings.calls.retry !== false) this.#retries = new Retries(settings.calls.retry, random)
    pool.sessions$.subscribe({ next: (fact) => this.#sessionFact(fact), complete: () => this.#unread.close() })
  }

  /**
   * Finds the Python that the pool needs; `signal` ends the search, and the building of an environment that nobody else
   * waits for. The workers are started by {@link NamedPool.start}.
   */
  static async prepare(
    settings: NamedPoolSettings,
    { connect, ...means }: Means,
    opener: AsyncResource,
    signal: AbortSignal,
  ): Promise<NamedPool> {
    const installation = await pythonOf(settings, opener, signal)
    const pool = new Pool(settings.pool, { spawn: spawner(settings, installation, connect), ...means })
    return new NamedPool(settings, pool, means.random ?? Math.random)
  }

  /** Whether the workers' output is printed. */
  get print(): Print {
    return this.#settings.worker.logs.print
  }

  /** Starts the workers; resolves when one is ready. */
  start(): Promise<void> {
    return this.pool.start()
  }

  /** Calls a tool for its value. */
  async execute(tool: string, args: ToolArguments, options: CallOptions, session?: SessionCall): Promise<unknown> {
    const read = readCallOptions(options, false, session !== undefined)
    return runToEnd(this.pool, this.#specOf(tool, args, read, false, session))
  }

  /** Makes the stream of a tool. `session` is asked at each call that the stream begins. */
  stream(
    tool: string,
    args: ToolArguments,
    options: StreamOptions,
    session?: () => SessionCall,
  ): ChunkStream<unknown, unknown> {
    const read = readCallOptions(options, true, session !== undefined)
    checkCall(tool, args)
    const resolved = resolveWindow(read.window, this.#settings.calls.window)
    const start = (owner: CallOwner) => {
      const spec = this.#specOf(tool, args, read, true, session?.())
      return new CallRun(this.pool, { ...spec, window: resolved }, owner)
    }
    return new ChunkStream({ tool, start, unread: this.#unread })
  }

  /** How closely sessions keep to their worker, unless they say otherwise. */
  get affinity(): Affinity {
    return this.#settings.pool.affinity
  }

  endSession(id: string): void {
    this.pool.endSession(id)
    // The pool says nothing of a session that never made a call.
    this.#sessions.delete(id)
  }

  renewSession(id: string): void {
    this.pool.renewSession(id)
  }

  touchSession(id: string): void {
    this.pool.touchSession(id)
  }

  /** The session that goes by this id, if it was asked for and has not ended. */
  session(id: string): Session | undefined {
    return this.#sessions.get(id)
  }

  /** Remembers a session that was asked for, and with what, to tell it what happens to it. */
  remember(session: Session, options: SessionOptions): void {
    // A call by its id alone may have begun it.
    if (this.pool.hasSession(session.id)) return this.#sessions.addBegun(session)
    const { affinity, ttl, metadata, onLost } = options
    const isPlain = (affinity ?? ttl ?? metadata ?? onLost) === undefined
    this.#sessions.addFresh(session, isPlain ? 0 : (ttl ?? this.#settings.pool.sessionTtl))
  }

  #specOf(
    tool: string,
    args: ToolArguments,
    options: StreamOptions,
    streams: boolean,
    session: SessionCall | undefined = this.#adHoc(options),
  ): CallSpec {
    checkCall(tool, args)
    const { ticket } = session ?? {}
    const { calls } = this.#settings
    return {
      tool,
      arguments: encodeValue(args),
      window: undefined,
      session: ticket && options.affinity ? { ...ticket, affinity: options.affinity } : ticket,
      sessionMetadata: session?.metadata ?? {},
      after: session?.after,
      isAccepted: session?.isAccepted ?? false,
      metadata: options.metadata ?? {},
      signal: options.signal,
      timeout: options.timeout ?? (streams ? Infinity : calls.timeout),
      standstill: streams && options.timeout === undefined ? calls.streamTimeout : Infinity,
      idleTimeout: options.idleTimeout ?? calls.idleTimeout,
      queueTimeout: options.queueTimeout ?? this.#settings.pool.queueTimeout,
      cancelGrace: calls.cancelGrace,
      retries: this.#retriesFor(options),
      poisonKey: options.poisonKey,
      onProgress: options.onProgress,
    }
  }

  #retriesFor({ idempotent = false }: CallOptions): Retries | undefined {
    if (!idempotent) return undefined
    this.#retries?.noteCall()
    return this.#retries
  }

  /** A session that a call names by its id alone. */
  #adHoc({ session: id }: CallOptions): SessionCall | undefined {
    if (id === undefined) return undefined
    const known = this.#sessions.get(id)
    return (
      known?.call() ?? { ticket: { id, affinity: this.affinity }, metadata: {}, after: undefined, isAccepted: false }
    )
  }

  #sessionFact(fact: SessionFact): void {
    switch (fact.type) {
      case 'session-begun':
        return this.#sessions.keep(fact.session)
      case 'session-bound':
        return
      case 'session-lost':
        return this.#sessions.get(fact.session)?.lost(fact)
      case 'session-ended':
      case 'session-expired': {
        const reason = fact.type === 'session-ended' ? 'ended' : 'expired'
        for (const { peer } of fact.workers) peer.endSession(fact.session, reason)
        this.#sessions.get(fact.session)?.over(reason)
        this.#sessions.delete(fact.session)
      }
    }
  }
}

/** The Python of a pool. What is done to have it is told in the context of whoever opens the pool. */
function pythonOf({ worker }: NamedPoolSettings, opener: AsyncResource, signal: AbortSignal) {
  const { python, requirements, cwd, onSetup } = worker
  const onProgress = (line: string) => opener.runInAsyncScope(onSetup, undefined, line)
  return resolvePython({ python, requirements, cwd, signal, onProgress })
}

/** Everything that a pool's workers have in common, as the way to start one. */
function spawner(
  { worker, pool }: NamedPoolSettings,
  { executable, version }: Awaited<ReturnType<typeof resolvePython>>,
  connect: Connect | undefined,
): Spawn {
  const { cwd, adapter, transport, threads, startTimeout, heartbeat, logs, environment } = worker
  const common = {
    python: executable,
    pythonVersion: version,
    environment: workerEnvironment(environment, pool.maxSize * (threads ?? 1)),
    cwd,
    adapter,
    transport,
    threads,
    startTimeout,
    heartbeat,
    logs,
    // The pool has drained when it stops a worker: what still runs has had its time.
    stopGrace: 0,
    handler: serveTools(new Map()),
    connect,
  }
  return (id, stop$) => worker$({ id, ...common }, stop$).pipe(subscribedByNobody())
}
