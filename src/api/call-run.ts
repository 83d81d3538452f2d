// One call on its way through pool and wire: it waits, it runs, it is settled for its caller exactly once.
import type { SnakepitError } from '../errors/snakepit-error.js'
import type { CallEnd, CallListener } from '../peer/call-end.js'
import type { DataChunk } from '../peer/chunk.js'
import type { CancelCause, OutgoingCall } from '../peer/outgoing-call.js'
import type { Lease, PoolRequest, SessionTicket } from '../pool/request.js'
import { idle, leftByWorker, timedOut } from './call-failures.js'
import { type Leaving, lostWith, outcomeOf } from './call-outcome.js'
import type { CallOwner, CallPool, CallSpec } from './call-spec.js'
import { Runs } from './runs.js'
import { type SignalWatcher, unwatchSignal, watchSignal } from './signal-watch.js'

type State =
  | { readonly type: 'new' }
  /** Not with the pool: something has to happen first, or the next run has to wait a little. */
  | { readonly type: 'held' }
  | { readonly type: 'waiting' }
  | { readonly type: 'running'; readonly lease: Lease; readonly call: OutgoingCall }
  /** It has ended, but its caller was not told yet: items wait to be taken first, and the signal still counts. */
  | { readonly type: 'unread' }
  | { readonly type: 'settled' }

const fresh: State = { type: 'new' }
const held: State = { type: 'held' }
const waiting: State = { type: 'waiting' }
const unread: State = { type: 'unread' }
const settled: State = { type: 'settled' }

/** A call, from the moment it is asked for until Python has left it. */
export class CallRun implements PoolRequest, CallListener, SignalWatcher {
  readonly tool: string
  readonly session: SessionTicket | undefined
  readonly poisonKey: string | undefined
  readonly queueTimeout: number
  readonly deadline: number
  readonly #spec: CallSpec
  readonly #pool: CallPool
  readonly #owner: CallOwner
  #state: State = fresh
  #lease: Lease | undefined
  #call: OutgoingCall | undefined
  #timer: NodeJS.Timeout | undefined
  #overtime: SnakepitError | undefined
  #patience: NodeJS.Timeout | undefined
  #forced = false
  /** When Python was asked to leave it; 0 for never. */
  #leftAt = 0
  /** Undefined for as long as nothing has failed. */
  #runs: Runs | undefined
  #sawItems = false
  #pause: NodeJS.Timeout | undefined
  #lastSign = 0

  constructor(pool: CallPool, spec: CallSpec, owner: CallOwner) {
    this.#pool = pool
    this.#spec = spec
    this.#owner = owner
    this.tool = spec.tool
    this.session = spec.session
    this.poisonKey = spec.poisonKey
    this.queueTimeout = spec.queueTimeout
    this.deadline = performance.now() + spec.timeout
  }

  /** Hands the call to the pool. */
  begin(): void {
    const { signal } = this.#spec
    if (signal?.aborted === true) return this.#settleFailed(signal.reason, false)
    if (signal !== undefined) watchSignal(signal, this)
    this.#state = held
    this.#armTimer()
    if (this.#spec.after === undefined) return this.#submit()
    this.#spec.after.then(
      () => this.#submit(),
      (error: unknown) => this.#settleFailed(error, true),
    )
  }

  #submit(): void {
    if (this.#state !== held) return
    this.#state = waiting
    this.#pool.submit(this)
  }

  /** Which run of the call this is, from 1. */
  get attempt(): number {
    return this.#runs?.current ?? 1
  }

  /** The caller has no more use for the call. */
  abandon(): void {
    this.#leave('aborted')
  }

  /** The next item that has arrived. */
  take(): DataChunk | undefined {
    const chunk = this.#call?.take()
    // The tool may have waited for this to make room: its silence counts from here.
    if (chunk !== undefined && this.#spec.idleTimeout !== undefined) this.#lastSign = performance.now()
    return chunk
  }

  /** Its caller knows how it ended. */
  told(): void {
    if (this.#state === unread) this.#settle()
  }

  /** Items taken so far. */
  get taken(): number {
    return this.#call?.taken ?? 0
  }

  /** The signal fired. */
  aborted(reason: unknown): void {
    this.#fail(reason, 'aborted')
  }

  granted(lease: Lease): void {
    const { tool, window, metadata, session, sessionMetadata } = this.#spec
    this.#lease = lease
    const call = lease.worker.peer.call(
      {
        tool,
        arguments: this.#spec.arguments,
        window,
        timeLeftMs: Math.max(1, Math.ceil(this.deadline - performance.now())),
        session: session && { id: session.id, metadata: sessionMetadata },
        metadata,
      },
      this,
    )
    // A closed wire has ended the call already.
    if (this.#state !== waiting) return
    this.#call = call
    this.#lastSign = performance.now()
    this.#state = { type: 'running', lease, call }
  }

  refused(error: SnakepitError): void {
    this.#settleFailed(this.#runs?.failure ?? error, true)
  }

  itemsArrived(): void {
    this.#lastSign = performance.now()
    this.#sawItems = true
    if (this.#state !== settled) this.#owner.arrived()
  }

  progressed(value: unknown): void {
    this.#lastSign = performance.now()
    if (this.#state === settled) return
    try {
      this.#spec.onProgress?.(value)
    } catch (error) {
      this.#fail(error, 'aborted')
    }
  }

  ended(end: CallEnd): void {
    const lease = this.#lease
    clearTimeout(this.#patience)
    lease?.release(outcomeOf(end, this.#leaving()))
    if (this.#state === settled) return
    switch (end.type) {
      case 'ok':
        this.#finish()
        if (this.#owner.succeeded(end, lease?.worker.info.id ?? '')) this.told()
        return
      case 'error':
        return this.#runFailed(end.error)
      case 'lost':
        return this.#runFailed(lostWith(end.error, this.tool, this.session?.id))
      case 'cancelled':
        return this.#runFailed(leftByWorker(this.tool))
    }
  }

  #leaving(): Leaving | undefined {
    if (this.#leftAt === 0) return undefined
    return { overtime: this.#overtime, forced: this.#forced, after: performance.now() - this.#leftAt }
  }

  /** One run has failed. It may not have been the last. */
  #runFailed(error: SnakepitError): void {
    try {
      this.#runs ??= new Runs(this.#spec.retries)
      // What was given cannot be taken back, and is not given twice.
      const pause = this.#sawItems ? undefined : this.#runs.failed(error, this.deadline - performance.now())
      if (pause === undefined) return this.#settleFailed(error, true)
      this.#call = undefined
      this.#state = held
      // Not within this turn: a pool that is being told of a loss has more to hear.
      this.#pause = setTimeout(() => this.#submit(), pause)
    } catch (broken) {
      // The program's own idea of which errors are worth another run.
      this.#settleFailed(broken, true)
    }
  }

  /** Settles the caller at once, with whatever was not taken yet, and asks Python to leave; the lease is given back when it has. */
  #fail(error: unknown, cause: CancelCause): void {
    if (this.#state === settled) return
    this.#leave(cause)
    this.#owner.failed(error, false)
  }

  #leave(cause: CancelCause): void {
    const state = this.#state
    if (state === settled) return
    this.#settle()
    if (state.type === 'waiting') this.#pool.withdraw(this)
    if (state.type === 'running') this.#cancel(state, cause)
  }

  /** The last rung: a tool that is not left in time takes its worker with it. */
  #cancel({ lease, call }: Extract<State, { type: 'running' }>, cause: CancelCause): void {
    call.cancel(cause)
    this.#leftAt = performance.now()
    const { incarnation } = lease.worker.info
    this.#patience = setTimeout(() => {
      this.#forced = true
      this.#pool.replaceWorker(incarnation, 0)
    }, this.#spec.cancelGrace).unref()
  }

  #settleFailed(error: unknown, late: boolean): void {
    if (this.#state === settled) return
    this.#finish()
    if (this.#owner.failed(error, late)) this.told()
  }

  /** Nothing more will come, and no time runs out any more. */
  #finish(): void {
    this.#state = unread
    clearTimeout(this.#timer)
    clearTimeout(this.#pause)
  }

  #settle(): void {
    this.#state = settled
    clearTimeout(this.#timer)
    clearTimeout(this.#pause)
    if (this.#spec.signal !== undefined) unwatchSignal(this.#spec.signal, this)
  }

  #armTimer(): void {
    const now = performance.now()
    const { idleTimeout } = this.#spec
    const idleAt =
      idleTimeout === undefined || this.#lastSign === 0 ? now + (idleTimeout ?? Infinity) : this.#lastSign + idleTimeout
    this.#timer = setTimeout(onTimer, Math.max(1, Math.min(this.deadline, idleAt) - now), this)
  }

  get #mayHaveRun(): boolean {
    return this.#state.type === 'running' || this.#runs?.failure !== undefined
  }

  #timeOut(error: SnakepitError): void {
    this.#overtime = error
    this.#fail(error, 'timeout')
  }

  /** The timer is not moved for each sign of life: when it fires too early, it is set again. */
  onTimer(): void {
    const { idleTimeout, timeout } = this.#spec
    const now = performance.now()
    // A reader that has not taken what is there keeps the tool waiting, not the other way round.
    if (this.#call?.drained === false) this.#lastSign = now
    if (now >= this.deadline - 0.5)
      return this.#timeOut(timedOut(this.tool, timeout, this.#mayHaveRun ? 'running' : 'queued'))
    if (idleTimeout !== undefined && this.#state.type === 'running' && now - this.#lastSign >= idleTimeout - 0.5) {
      return this.#timeOut(idle(this.tool, idleTimeout))
    }
    this.#armTimer()
  }
}

function onTimer(run: CallRun): void {
  run.onTimer()
}
