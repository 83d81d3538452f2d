// One call on its way through pool and wire: it waits, it runs, it is settled for its caller exactly once.
import type { AsyncResource } from 'node:async_hooks'
import { types } from 'node:util'
import { decodeValues } from '../codec/msgpack.js'
import type { SnakepitError } from '../errors/snakepit-error.js'
import type { CallEnd, CallListener } from '../peer/call-end.js'
import type { DataChunk } from '../peer/chunk.js'
import type { OutgoingCall } from '../peer/outgoing-call.js'
import type { Lease, PoolRequest, SessionTicket } from '../pool/request.js'
import { callersContext } from '../streams/async-context.js'
import { time } from '../time/time.js'
import { leftByWorker } from './call-failures.js'
import { lostWith, outcomeOf } from './call-outcome.js'
import { type CallOwner, type CallPool, type CallSpec, callRequest } from './call-spec.js'
import { type CallState, fresh, held, type Running, settled, unread, waiting } from './call-state.js'
import { CallTime, type TimedCall } from './call-time.js'
import { Leaving } from './leaving.js'
import { Runs } from './runs.js'
import { type SignalWatcher, unwatchSignal, watchSignal } from './signal-watch.js'

/** A call, from the moment it is asked for until Python has left it. */
export class CallRun implements PoolRequest, CallListener, SignalWatcher, TimedCall {
  readonly tool: string
  readonly session: SessionTicket | undefined
  readonly poisonKey: string | undefined
  readonly queueTimeout: number
  readonly deadline: number
  /** The pool has accepted it, and takes it also while it drains. */
  isAccepted: boolean
  readonly #spec: CallSpec
  readonly #pool: CallPool
  readonly #owner: CallOwner
  readonly #time: CallTime
  /** The caller's, where functions of the program are called for it; undefined as a rule. */
  readonly #context: AsyncResource | undefined
  #state: CallState = fresh
  #lease: Lease | undefined
  #call: OutgoingCall | undefined
  /** Undefined for as long as Python was not asked to leave it. */
  #leaving: Leaving | undefined
  /** Undefined for as long as nothing has failed. */
  #runs: Runs | undefined
  #pause: NodeJS.Timeout | undefined
  #isHeld = false

  constructor(pool: CallPool, spec: CallSpec, owner: CallOwner) {
    this.#pool = pool
    this.#spec = spec
    this.#owner = owner
    this.tool = spec.tool
    this.session = spec.session
    this.poisonKey = spec.poisonKey
    this.queueTimeout = spec.queueTimeout
    this.deadline = time.now() + spec.timeout
    this.isAccepted = spec.isAccepted
    this.#time = new CallTime(this, spec)
    if (spec.onProgress !== undefined || spec.retries !== undefined) this.#context = callersContext()
  }

  /** Hands the call to the pool. */
  begin(): void {
    const { signal } = this.#spec
    if (signal?.aborted === true) return this.#settleFailed(signal.reason, false)
    if (signal !== undefined) watchSignal(signal, this)
    this.#state = held
    this.#time.begin()
    if (this.#spec.after === undefined) return this.#submit()
    const refusal = this.#hold()
    if (refusal !== undefined) return this.#settleFailed(refusal, true)
    this.#spec.after.then(
      () => this.#submit(),
      (error: unknown) => this.#settleFailed(error, true),
    )
  }

  #submit(): void {
    if (this.#state !== held) return
    this.#state = waiting
    this.#pool.submit(this)
    // Unless it was lost meanwhile, and waits for yet another run.
    if (this.#state !== held) this.#letGo()
  }

  /** Keeps its place while it is not with the pool; else says why not. */
  #hold(): SnakepitError | undefined {
    const refusal = this.#pool.hold(this)
    this.#isHeld = refusal === undefined
    this.isAccepted ||= this.#isHeld
    return refusal
  }

  #letGo(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.#pool.letGo(this)
  }

  /** Which run of the call this is, from 1. */
  get attempt(): number {
    return this.#runs?.current ?? 1
  }

  /** The caller has no more use for the call. */
  abandon(): void {
    this.#leave()
  }

  /** The next item that has arrived. */
  take(): DataChunk | undefined {
    try {
      const chunk = this.#call?.take()
      // The tool may have waited for this to make room: its silence counts from here.
      if (chunk !== undefined) this.#time.sign()
      return chunk
    } catch (error) {
      // What has arrived cannot be given, for want of memory perhaps: the caller is told, and Python leaves the tool.
      this.#fail(error)
      return undefined
    }
  }

  /** Its caller knows how it ended. */
  told(): void {
    if (this.#state === unread) this.#settle()
  }

  /** Items taken so far. */
  get taken(): number {
    return this.#call?.taken ?? 0
  }

  /** Items wait to be taken. */
  get hasUnread(): boolean {
    return this.#call?.drained === false
  }

  /** One of its runs may have begun. */
  get mayHaveRun(): boolean {
    return this.#state.type === 'running' || this.#runs?.failure !== undefined
  }

  /** Its time is over. */
  overtime(error: SnakepitError): void {
    this.#fail(error, error)
  }

  /** The signal fired. */
  aborted(reason: unknown): void {
    this.#fail(reason)
  }

  granted(lease: Lease): void {
    this.#lease = lease
    this.isAccepted = true
    const call = lease.worker.peer.call(callRequest(this.#spec, this.#time.left), this)
    // A closed wire has ended the call already.
    if (this.#state !== waiting) return
    this.#call = call
    this.#time.sign()
    this.#state = { type: 'running', lease, call }
  }

  refused(error: SnakepitError): void {
    this.#settleFailed(this.#runs?.failure ?? error, true)
  }

  itemsArrived(): void {
    this.#time.sign()
    if (this.#state !== settled) this.#owner.arrived()
  }

  progressed(encoded: Uint8Array): void {
    this.#time.sign()
    if (this.#state === settled) return
    const { onProgress } = this.#spec
    if (onProgress === undefined) return
    try {
      // What cannot be decoded comes as bytes, like an item.
      const [value] = decodeValues(encoded, [encoded.length])
      const promised: unknown = this.#context?.runInAsyncScope(onProgress, undefined, value)
      if (types.isPromise(promised)) promised.catch((error: unknown) => this.#progressFailed(error))
    } catch (error) {
      this.#progressFailed(error)
    }
  }

  /** The program's own handler throws: so does the call. What comes too late for that is thrown where Node reports it. */
  #progressFailed(error: unknown): void {
    if (this.#state !== settled) return this.#fail(error)
    time.setImmediate(() => {
      throw error
    })
  }

  #inContext<T>(work: () => T): T {
    return this.#context === undefined ? work() : this.#context.runInAsyncScope(work)
  }

  ended(end: CallEnd): void {
    const lease = this.#lease
    this.#leaving?.over()
    // Before its slot is free: a pool that drains is not done while another run may follow.
    if (end.type !== 'ok' && this.#state !== settled) this.#hold()
    lease?.release(outcomeOf(end, this.#leaving))
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

  /** One run has failed. It may not have been the last. */
  #runFailed(error: SnakepitError): void {
    try {
      this.#runs ??= new Runs(this.#spec.retries)
      // What was given cannot be taken back, and is not given twice. A pool that is closed runs nothing.
      const mayNot = this.taken > 0 || this.hasUnread || !this.#isHeld
      const runs = this.#runs
      const pause = mayNot ? undefined : this.#inContext(() => runs.failed(error, this.#time.left))
      if (pause === undefined) return this.#settleFailed(error, true)
      this.#call = undefined
      this.#time.rest()
      this.#state = held
      // Not within this turn: a pool that is being told of a loss has more to hear.
      this.#pause = time.setTimeout(() => this.#submit(), pause)
    } catch (broken) {
      // The program's own idea of which errors are worth another run.
      this.#settleFailed(broken, true)
    }
  }

  /** Settles the caller at once, with whatever was not taken yet, and asks Python to leave; the lease is given back when it has. */
  #fail(error: unknown, overtime?: SnakepitError): void {
    if (this.#state === settled) return
    this.#leave(overtime)
    this.#owner.failed(error, false)
  }

  #leave(overtime?: SnakepitError): void {
    const state = this.#state
    if (state === settled) return
    this.#settle()
    if (state.type === 'waiting') this.#pool.withdraw(this)
    if (state.type === 'running') this.#cancel(state, overtime)
  }

  /** A tool that is not left in time takes its worker with it. */
  #cancel({ lease, call }: Running, overtime: SnakepitError | undefined): void {
    this.#leaving = new Leaving(overtime, this.#spec.cancelGrace, () => lease.giveUp())
    // A call whose arguments have not left yet ends at once.
    call.cancel(overtime === undefined ? 'aborted' : 'timeout')
  }

  #settleFailed(error: unknown, late: boolean): void {
    if (this.#state === settled) return
    this.#finish()
    if (this.#owner.failed(error, late)) this.told()
  }

  /** Nothing more will come, and no time runs out any more. */
  #finish(): void {
    this.#state = unread
    this.#time.end()
    time.clearTimeout(this.#pause)
    this.#letGo()
  }

  #settle(): void {
    this.#finish()
    this.#state = settled
    if (this.#spec.signal !== undefined) unwatchSignal(this.#spec.signal, this)
  }
}
