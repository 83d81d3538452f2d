// A call as the called side holds it: what was asked, the way to answer, and the word when to stop.
import { encodeValue } from '../codec/msgpack.js'
import type { SnakepitError } from '../errors/snakepit-error.js'
import { time } from '../time/time.js'
import { type CancelRung, type FrameKind, type Start, CancelRung as WireRung } from '../wire/wire.js'
import { type Outbox, partBytes } from './outbox.js'
import { Outflow } from './outflow.js'
import type { Joined } from './parts.js'
import { errorToWire } from './wire-error.js'

interface Encoded {
  readonly bytes: Uint8Array
  readonly metadata: Readonly<Record<string, string>> | undefined
}

/** Answers incoming calls: must see to it that each is ended. */
export type CallHandler = (call: IncomingCall) => void

/** One call from the other side. */
export class IncomingCall {
  readonly start: Joined<Start, 'arguments'>
  readonly #outbox: Outbox
  readonly #outflow: Outflow | undefined
  readonly #abort = new AbortController()
  readonly #forget: () => void
  readonly #began = time.now()
  #waiting: Encoded[] = []
  #ended = false

  /** @param forget is called when the call has ended */
  constructor(start: Joined<Start, 'arguments'>, outbox: Outbox, forget: () => void) {
    this.start = start
    this.#outbox = outbox
    this.#outflow = start.stream ? new Outflow(start.window ?? { items: 1, bytes: 1 }) : undefined
    this.#forget = forget
  }

  /** Fires when the caller wants the call to stop. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Resolves when the next item may be produced, or when the call was cancelled. */
  async opened(): Promise<void> {
    if (!this.signal.aborted) await this.#outflow?.opened()
  }

  /**
   * Sends an item. Items of one turn travel together.
   *
   * @throws SnakepitError `invalid_argument` when it cannot be encoded
   */
  write(value: unknown, metadata?: Readonly<Record<string, string>>): void {
    const outflow = this.#outflow
    if (outflow === undefined || this.#ended || this.signal.aborted) return
    const bytes = encodeValue(value)
    outflow.count(bytes.length)
    if (this.#waiting.push({ bytes, metadata }) === 1) time.queueMicrotask(() => this.#flush())
  }

  /** Reports progress, apart from the items. */
  progress(value: unknown): void {
    if (this.#ended || this.signal.aborted) return
    const bytes = encodeValue(value)
    // Behind the items that were written before it.
    this.#flush()
    this.#outbox.push(
      { $case: 'progress', value: { call: this.start.call, value: bytes } },
      this.start.call,
      bytes.length,
    )
  }

  /** Ends the call well. `marked` says that the tool itself called this its final chunk. */
  succeed(value: unknown, marked = false, metadata: Readonly<Record<string, string>> = {}): void {
    if (this.#ended) return
    const bytes = encodeValue(value)
    this.#end(bytes, (rest) => ({ $case: 'ok', value: { value: rest, marked, metadata } }))
  }

  /** Ends the call with an error. */
  fail(error: SnakepitError): void {
    this.#end(nothing, () => ({ $case: 'error', value: errorToWire(error) }))
  }

  /** Ends the call because it was cancelled. */
  cancelled(rung: CancelRung = WireRung.CLOSED): void {
    this.#end(nothing, () => ({ $case: 'cancelled', value: { rung, error: undefined } }))
  }

  /** The caller sent credit. Returns what is wrong with it, if anything is. */
  credit(items: number, bytes: number): string | undefined {
    return this.#outflow === undefined
      ? 'credit came for a call that does not stream'
      : this.#outflow.credit(items, bytes)
  }

  /** The caller wants the call to stop. */
  cancel(): void {
    this.#waiting = []
    this.#abort.abort()
    this.#outflow?.release()
  }

  #flush(): void {
    const outflow = this.#outflow
    const waiting = this.#waiting
    if (outflow === undefined || waiting.length === 0) return
    this.#waiting = []
    let first = outflow.sent - waiting.length
    for (const group of frames(waiting)) {
      this.#sendItems(first, group)
      first += group.length
    }
  }

  #sendItems(first: number, group: readonly Encoded[]): void {
    const call = this.start.call
    const sizes = group.map(({ bytes }) => bytes.length)
    const marks = group.flatMap(({ metadata }, index) => (metadata ? [{ index, metadata }] : []))
    const body = group.length === 1 ? (group[0]?.bytes ?? nothing) : Buffer.concat(group.map(({ bytes }) => bytes))
    this.#outbox.pushValue(call, body, (rest) => ({ $case: 'items', value: { call, first, sizes, body: rest, marks } }))
  }

  #end(value: Uint8Array, outcome: (rest: Uint8Array) => EndOutcome): void {
    if (this.#ended) return
    this.#flush()
    this.#ended = true
    const call = this.start.call
    const timings = { queuedUs: 0, runUs: Math.round((time.now() - this.#began) * 1000) }
    this.#outbox.pushValue(call, value, (rest) => ({ $case: 'end', value: { call, outcome: outcome(rest), timings } }))
    this.#forget()
  }
}

/** Larger items travel alone: they are not worth the copy that sharing a frame takes. */
const sharedBytes = 65_536

/** Items of one turn share a frame, up to what a frame may hold. */
function frames(items: readonly Encoded[]): Encoded[][] {
  const groups: Encoded[][] = []
  let group: Encoded[] | undefined
  let room = 0
  for (const item of items) {
    const { length } = item.bytes
    if (group === undefined || length > room) {
      group = []
      groups.push(group)
      room = partBytes
    }
    group.push(item)
    room = length > sharedBytes ? -1 : room - length
  }
  return groups
}

type EndOutcome = NonNullable<Extract<FrameKind, { $case: 'end' }>['value']['outcome']>

const nothing = new Uint8Array(0)
