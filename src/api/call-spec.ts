// What a call is made of, what it needs, and whom it tells.

import type { SnakepitError } from '../errors/snakepit-error.js'
import type { CallRequest } from '../peer/outgoing-call.js'
import type { PoolRequest, SessionTicket } from '../pool/request.js'
import type { Window } from '../wire/wire.js'
import type { GoodEnd } from './reading.js'
import type { Retries } from './retries.js'

/** Everything that is known of a call before it begins. Times are milliseconds. */
export interface CallSpec {
  readonly tool: string
  /** The encoded arguments. */
  readonly arguments: Uint8Array
  /** Window of a stream; undefined asks for one value. */
  readonly window: Window | undefined
  readonly session: SessionTicket | undefined
  /** The call is submitted once this has resolved, and fails with what it rejects with; undefined as a rule. */
  readonly after: Promise<void> | undefined
  /** True for what an accepted call of its session waits for: taken also while the pool drains. */
  readonly isAccepted: boolean
  readonly sessionMetadata: Readonly<Record<string, string>>
  readonly metadata: Readonly<Record<string, string>>
  readonly signal: AbortSignal | undefined
  /** For queue, transport and tool together; `Infinity` for no limit, as below. */
  readonly timeout: number
  /** How long a stream may stand still, whoever keeps it waiting. */
  readonly standstill: number
  /** How long its tool may give no chunk and no progress. */
  readonly idleTimeout: number
  readonly queueTimeout: number
  /** What Python gets to leave a cancelled tool; then its worker is replaced. */
  readonly cancelGrace: number
  /** Runs the call again where that is allowed; undefined for calls that run at most once. */
  readonly retries: Retries | undefined
  /** What the crash barrier tells calls of one tool apart by. */
  readonly poisonKey: string | undefined
  readonly onProgress: ((value: unknown) => void) | undefined
}

/** What a worker is asked for. */
export function callRequest(spec: CallSpec, timeLeft: number): CallRequest {
  const { tool, window, metadata, session, sessionMetadata } = spec
  return {
    tool,
    arguments: spec.arguments,
    window,
    timeLeftMs: timeLeft === Number.POSITIVE_INFINITY ? 0 : Math.max(1, Math.ceil(timeLeft)),
    session: session && { id: session.id, metadata: sessionMetadata },
    metadata,
  }
}

/** The part of a pool that a call needs. */
export interface CallPool {
  submit(request: PoolRequest): void
  /** Keeps the place of a call that is submitted later; else says why not. */
  hold(request: PoolRequest): SnakepitError | undefined
  /** It was submitted, or is over. */
  letGo(request: PoolRequest): void
  withdraw(request: PoolRequest): void
}

/** Whoever holds the result of a call. */
export interface CallOwner {
  /** Items can be taken. */
  arrived(): void
  /**
   * The call ended well; items that have arrived may still be taken first. True when the end was told already: if not,
   * an abort may still come before it, and {@link CallRun.told} is called when it was.
   */
  succeeded(end: GoodEnd, workerId: string): boolean
  /**
   * The call failed. `late` errors come behind the items that arrived before them; the others (abort, timeout) at once.
   * True as above.
   */
  failed(error: unknown, late: boolean): boolean
}
