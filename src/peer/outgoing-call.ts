// A call as its caller holds it: items to take, one end to wait for, and the way to cancel it.
import { CancelReason, type FrameKind, type Window } from '../wire/wire.js'
import type { CallEnd, CallListener } from './call-end.js'
import type { DataChunk } from './chunk.js'
import { type ArrivedItems, Inflow } from './inflow.js'
import { besideStart, type Outbox } from './outbox.js'

/** What a call asks for. */
export interface CallRequest {
  readonly tool: string
  /** One encoded map: parameter name to value. */
  readonly arguments: Uint8Array
  /** Window of the items; undefined asks for one value. */
  readonly window: Window | undefined
  /** Milliseconds left until the call's deadline; 0 for none. */
  readonly timeLeftMs: number
  readonly session: { readonly id: string; readonly metadata: Record<string, string> } | undefined
  readonly metadata: Readonly<Record<string, string>>
}

/** Why a caller leaves a call. */
export type CancelCause = 'aborted' | 'timeout' | 'closing'

const reasons: Readonly<Record<CancelCause, CancelReason>> = {
  aborted: CancelReason.ABORTED,
  timeout: CancelReason.TIMEOUT,
  closing: CancelReason.CLOSING,
}

/** `running` until the caller cancels it or the called side ends it. */
type State = 'running' | 'cancelling' | 'ended'

/** One call at the other side. */
export class OutgoingCall {
  readonly id: number
  readonly #outbox: Outbox
  readonly #listener: CallListener
  readonly #inflow: Inflow | undefined
  readonly #calls: Map<number, OutgoingCall>
  #state: State = 'running'

  /**
   * @param window of the items, for a call that streams
   * @param calls those of its side that have not ended, where it stands until it has
   */
  constructor(
    id: number,
    outbox: Outbox,
    listener: CallListener,
    window: Window | undefined,
    calls: Map<number, OutgoingCall>,
  ) {
    this.#calls = calls
    this.id = id
    this.#outbox = outbox
    this.#listener = listener
    this.#inflow =
      window &&
      new Inflow(window, (items, bytes) => {
        if (this.#state === 'running') outbox.push({ $case: 'credit', value: { call: id, items, bytes } })
      })
  }

  /** Asks the called side to begin. The request is not kept: its arguments may be large. */
  start(request: CallRequest): void {
    const { tool, window, timeLeftMs, session, metadata } = request
    const frame = (rest: Uint8Array): FrameKind => ({
      $case: 'start',
      value: {
        call: this.id,
        tool,
        arguments: rest,
        stream: window !== undefined,
        window,
        timeLeftMs,
        session,
        metadata,
        input: false,
      },
    })
    this.#outbox.pushValue(this.id, request.arguments, frame, besideStart(request))
  }

  /** The next item that has arrived, or undefined. Taking is what gives the producer credit. */
  take(): DataChunk | undefined {
    return this.#inflow?.take()
  }

  /** True when every item that has arrived was taken. */
  get drained(): boolean {
    return this.#inflow?.empty ?? true
  }

  /** Items taken so far. */
  get taken(): number {
    return this.#inflow?.taken ?? 0
  }

  /**
   * Asks the called side to leave. Its end is still told to the listener; items are not. A call whose start has not left
   * yet ends here, perhaps before this returns.
   */
  cancel(cause: CancelCause): void {
    if (this.#state !== 'running') return
    this.#state = 'cancelling'
    this.#inflow?.clear()
    const neverStarts = this.#outbox.dropStart(this.id)
    // Of a call that it does not know, the called side forgets the parts that have come, and says nothing.
    this.#outbox.push({ $case: 'cancel', value: { call: this.id, reason: reasons[cause] } }, this.id)
    if (!neverStarts) return
    this.#calls.delete(this.id)
    this.end({ type: 'cancelled', rung: 'not_started' })
  }

  /** Takes in items from the wire. Returns what is wrong with them, if anything is. */
  accept(items: ArrivedItems): string | undefined {
    if (this.#state === 'cancelling') return undefined
    if (this.#inflow === undefined) return 'items came for a call that does not stream'
    const wasEmpty = this.#inflow.empty
    const wrong = this.#inflow.accept(items)
    if (wrong === undefined && wasEmpty && !this.#inflow.empty) this.#listener.itemsArrived()
    return wrong
  }

  /** Takes in progress from the wire. */
  progress(bytes: Uint8Array): void {
    if (this.#state === 'running') this.#listener.progressed(bytes)
  }

  /** Ends the call; only the first end counts. */
  end(end: CallEnd): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#listener.ended(end)
  }
}
