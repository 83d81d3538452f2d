// Many calls on one wire, in both directions. Both ends are the same class: only the parity of their ids differs.
import { SnakepitError } from '../errors/snakepit-error.js'
import {
  type End,
  type Frame,
  type Hello,
  type Log,
  SessionEndReason,
  type Start,
  CancelRung as WireRung,
} from '../wire/wire.js'
import type { CallEnd, CallListener, CancelRung } from './call-end.js'
import { CallIds, largestId } from './call-ids.js'
import { type CallHandler, IncomingCall } from './incoming-call.js'
import { Outbox } from './outbox.js'
import { type CallRequest, OutgoingCall } from './outgoing-call.js'
import { type Joined, Parts } from './parts.js'
import { errorFromWire } from './wire-error.js'

/** What a peer does besides its calls. */
export interface PeerOptions {
  /** The host's calls have odd ids, the worker's even ones. */
  readonly side: 'host' | 'worker'
  /** Answers the other side's calls. */
  readonly handler: CallHandler
  /** Told about log lines. */
  readonly onLog?: (log: Log) => void
  /** Told when the other side asks this one to stop. */
  readonly onShutdown?: (graceMs: number) => void
}

interface Ping {
  readonly resolve: (ticks: number) => void
  readonly reject: (error: SnakepitError) => void
}

/** One end of a conversation: starts calls, answers calls, and ends every one of them exactly once. */
export class Peer {
  /** What waits to be sent. */
  readonly outbox = new Outbox()
  readonly #options: PeerOptions
  readonly #outgoing = new Map<number, OutgoingCall>()
  readonly #incoming = new Map<number, IncomingCall>()
  readonly #parts = new Parts()
  readonly #pings = new Map<number, Ping>()
  readonly #ids: CallIds
  #nextNonce = 1
  #closed: SnakepitError | undefined
  #hungUp: SnakepitError | undefined
  #heard = 0

  constructor(options: PeerOptions) {
    this.#options = options
    this.#ids = new CallIds(options.side)
  }

  /** Calls of this side that have not ended yet. */
  get running(): number {
    return this.#outgoing.size
  }

  /** How much the other side has said: grows with every message of it. */
  get heard(): number {
    return this.#heard
  }

  /** Introduces this side; the first thing said. */
  introduce(hello: Hello): void {
    this.outbox.push({ $case: 'hello', value: hello })
  }

  /** Starts a call at the other side. On a closed wire the listener is told at once. */
  call(request: CallRequest, listener: CallListener): OutgoingCall {
    const id = this.#ids.allot(this.#outgoing)
    const call = new OutgoingCall(id, this.outbox, listener, request.window, this.#outgoing)
    const over = this.#hungUp ?? this.#closed
    if (over !== undefined) {
      call.end({ type: 'lost', error: neverSent(over) })
      return call
    }
    this.#outgoing.set(id, call)
    call.start(request)
    return call
  }

  /** Asks the other side for a sign of life. Resolves with its count of progress; rejects when the wire goes away. */
  ping(): Promise<number> {
    const nonce = this.#nextNonce
    this.#nextNonce = nonce === largestId ? 1 : nonce + 1
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) return reject(this.#closed)
      this.#pings.set(nonce, { resolve, reject })
      this.outbox.push({ $case: 'ping', value: { nonce } })
    })
  }

  /** Tells the other side that a session is over, so that it frees what it keeps for it. */
  endSession(session: string, reason: 'ended' | 'expired'): void {
    const wire = reason === 'ended' ? SessionEndReason.ENDED : SessionEndReason.EXPIRED
    this.outbox.push({ $case: 'sessionEnd', value: { session, reason: wire } })
  }

  /** Asks the other side to take no new calls, finish what it has within the grace, and leave. */
  shutdown(graceMs: number): void {
    this.outbox.push({ $case: 'shutdown', value: { graceMs } })
  }

  /**
   * Takes in what the other side said.
   *
   * @throws SnakepitError `protocol_error` when it breaks the rules: the wire must be closed
   */
  receive(frames: readonly Frame[]): void {
    this.#heard++
    for (const frame of frames) this.#receive(frame)
  }

  /** Nothing is sent any more: later calls end with the error at once, those that run are told how it ended by `close`. */
  hangUp(error: SnakepitError): void {
    this.#hungUp ??= error
    this.outbox.end()
  }

  /** The wire is gone: every call ends with the error, and later ones at once. */
  close(error: SnakepitError): void {
    if (this.#closed !== undefined) return
    this.#closed = error
    this.outbox.end()
    const unsent = this.outbox.unsentCalls()
    for (const call of [...this.#outgoing.values()]) {
      call.end({ type: 'lost', error: unsent.has(call.id) ? neverSent(error) : error })
    }
    this.#outgoing.clear()
    for (const call of [...this.#incoming.values()]) call.cancel()
    this.#incoming.clear()
    for (const { reject } of this.#pings.values()) reject(error)
    this.#pings.clear()
  }

  #receive({ kind }: Frame): void {
    switch (kind?.$case) {
      case 'items': {
        const items = this.#parts.join(kind.value.call, kind.value, 'body')
        return broken(this.#outgoing.get(items.call)?.accept(items))
      }
      case 'end':
        return this.#ended(kind.value)
      case 'credit': {
        const { call, items, bytes } = kind.value
        return broken(this.#incoming.get(call)?.credit(items, bytes))
      }
      case 'start':
        return this.#started(this.#parts.join(kind.value.call, kind.value, 'arguments'))
      case 'part':
        if (!this.#outgoing.has(kind.value.call) && !this.#mayStart(kind.value.call)) return
        return broken(this.#parts.add(kind.value))
      case 'cancel':
        return this.#cancelled(kind.value.call)
      case 'progress':
        return this.#outgoing.get(kind.value.call)?.progress(kind.value.value)
      case 'log':
        return this.#options.onLog?.(kind.value)
      case 'ping':
        return this.outbox.push({ $case: 'pong', value: { nonce: kind.value.nonce, ticks: 0 } })
      case 'pong':
        this.#pings.get(kind.value.nonce)?.resolve(kind.value.ticks)
        this.#pings.delete(kind.value.nonce)
        return
      case 'shutdown':
        return this.#options.onShutdown?.(kind.value.graceMs)
      case 'hello':
        return broken('a second greeting came')
      case 'telemetry':
      case 'sessionEnd':
      case undefined:
        return
    }
  }

  #cancelled(id: number): void {
    const call = this.#incoming.get(id)
    if (call !== undefined) return call.cancel()
    // Its start will not come; what has come of its arguments is of no use.
    if (this.#mayStart(id)) this.#parts.drop(id)
  }

  #started(start: Joined<Start, 'arguments'>): void {
    const id = start.call
    if (!this.#mayStart(id)) broken(`call ${id} was started twice, or with an id of the wrong side`)
    const call = new IncomingCall(start, this.outbox, () => this.#incoming.delete(id))
    this.#incoming.set(id, call)
    this.#options.handler(call)
  }

  #mayStart(id: number): boolean {
    const even = this.#options.side === 'host' ? 0 : 1
    return id > 0 && id % 2 === even && !this.#incoming.has(id)
  }

  #ended(end: End): void {
    const call = this.#outgoing.get(end.call)
    if (call === undefined) return
    // May throw: then the call is still among those that are told of the broken wire.
    const how = endFromWire(end, this.#parts)
    this.#outgoing.delete(end.call)
    call.end(how)
  }
}

const rungs: Readonly<Record<WireRung, CancelRung>> = {
  [WireRung.UNSPECIFIED]: 'closed',
  [WireRung.NOT_STARTED]: 'not_started',
  [WireRung.CLOSED]: 'closed',
  [WireRung.INTERRUPTED]: 'interrupted',
  [WireRung.THROWN]: 'thrown',
}

function endFromWire({ call, outcome, timings }: End, parts: Parts): CallEnd {
  if (outcome?.$case !== 'ok') parts.drop(call)
  switch (outcome?.$case) {
    case 'ok': {
      const { value, marked, metadata } = parts.join(call, outcome.value, 'value')
      const { queuedUs = 0, runUs = 0 } = timings ?? {}
      return { type: 'ok', value, marked, metadata, timings: { queuedMs: queuedUs / 1000, runMs: runUs / 1000 } }
    }
    case 'error':
      return { type: 'error', error: errorFromWire(outcome.value) }
    case 'cancelled': {
      const { rung, error } = outcome.value
      const how = { type: 'cancelled', rung: rungs[rung] ?? 'closed' } as const
      return error === undefined ? how : { ...how, error: errorFromWire(error) }
    }
    case undefined:
      throw new SnakepitError('protocol_error', 'the other side ended a call without saying how', { mayHaveRun: true })
  }
}

/** The same error for a call that never left this side. */
function neverSent(error: SnakepitError): SnakepitError {
  if (!error.mayHaveRun) return error
  return new SnakepitError(error.code, error.message, { details: error.details, cause: error.cause })
}

function broken(wrong: string | undefined): void {
  if (wrong !== undefined) {
    throw new SnakepitError('protocol_error', `the other side broke the protocol: ${wrong}`, { mayHaveRun: true })
  }
}
