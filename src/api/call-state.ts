// Where a call is on its way.
import type { OutgoingCall } from '../peer/outgoing-call.js'
import type { Lease } from '../pool/request.js'

/** The stations of a call, in order; one that is run again goes from `running` back to `held`. */
export type CallState =
  | { readonly type: 'new' }
  /** Not with the pool: something has to happen first, or the next run has to wait a little. */
  | { readonly type: 'held' }
  | { readonly type: 'waiting' }
  | Running
  /** It has ended, but its caller was not told yet: items wait to be taken first, and the signal still counts. */
  | { readonly type: 'unread' }
  | { readonly type: 'settled' }

/** Python has it. */
export interface Running {
  readonly type: 'running'
  readonly lease: Lease
  readonly call: OutgoingCall
}

/** The stations that hold nothing, one object each. */
export const fresh: CallState = { type: 'new' }
export const held: CallState = { type: 'held' }
export const waiting: CallState = { type: 'waiting' }
export const unread: CallState = { type: 'unread' }
export const settled: CallState = { type: 'settled' }
