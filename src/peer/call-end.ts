// How a call ends, on the side that made it.
import type { Encoded } from '../codec/encoded.js'
import type { SnakepitError } from '../errors/snakepit-error.js'

/** Where the time of a call went on the called side, in milliseconds. */
export interface CallTimings {
  /** From arrival to the tool's first line. */
  readonly queuedMs: number
  /** From the tool's first line to its last. */
  readonly runMs: number
}

/** How far a cancellation had to go. */
export type CancelRung = 'not_started' | 'closed' | 'interrupted' | 'thrown'

/** The one end of a call. */
export type CallEnd =
  | {
      readonly type: 'ok'
      /** The encoded value of a call, or the final chunk's data. */
      readonly value: Encoded
      /** True when the tool itself marked its final chunk. */
      readonly marked: boolean
      readonly metadata: Readonly<Record<string, string>>
      readonly timings: CallTimings
    }
  | { readonly type: 'error'; readonly error: SnakepitError }
  /** `error` is what the tool raised besides, on its way out. */
  | { readonly type: 'cancelled'; readonly rung: CancelRung; readonly error?: SnakepitError | undefined }
  /** The wire went away; nobody will ever answer. */
  | { readonly type: 'lost'; readonly error: SnakepitError }

/** Whoever made a call and wants to know how it goes. */
export interface CallListener {
  /** Items can be taken. Called again only after all were taken. */
  itemsArrived(): void
  /** The tool reported progress: one encoded value. */
  progressed(value: Uint8Array): void
  /** The called side has left the call: exactly once, always last. */
  ended(end: CallEnd): void
}
