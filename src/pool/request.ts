// What the pool is asked for and what it gives: a request, and the lease that answers it.
import type { SnakepitError } from '../errors/snakepit-error.js'
import type { CancelRung } from '../peer/call-end.js'
import type { WorkerHandle } from '../worker/worker-event.js'

/**
 * How closely a session keeps to its worker.
 *
 * - `hint`: its worker if that one is free and healthy, else any.
 * - `strict_queue`: waits for its worker; `session_worker_unavailable` when that one is gone or going.
 * - `strict_fail_fast`: `worker_busy` at once where `strict_queue` would wait for its worker.
 */
export type Affinity = 'hint' | 'strict_queue' | 'strict_fail_fast'

/** Every affinity, loosest first. */
export const affinities: readonly Affinity[] = ['hint', 'strict_queue', 'strict_fail_fast']

/** The session a call belongs to, with everything resolved: the nearest of call, session, pool and program has won. */
export interface SessionTicket {
  readonly id: string
  readonly affinity: Affinity
  /** Milliseconds the session lives after its last call. Read when the session begins; default: the pool's. */
  readonly ttl?: number | undefined
}

/**
 * One call that wants a worker. Exactly one of `granted` and `refused` is called, exactly once, unless the request is
 * withdrawn first: then neither is. Either may be called before `submit` returns, and neither may throw.
 */
export interface PoolRequest {
  readonly session: SessionTicket | undefined
  /** Name of the tool. */
  readonly tool: string
  /**
   * What the crash barrier tells calls of one tool apart by: a model's name, a hash of the input. Calls of a tool that
   * give none are barred together.
   */
  readonly poisonKey?: string | undefined
  /** Which run of the call this is, from 1. Default 1. */
  readonly attempt?: number
  /**
   * True for what belongs to a call that the pool has accepted: another run of it, or what its session needs first. It is
   * taken for as long as the pool drains. Default false.
   */
  readonly isAccepted?: boolean
  /** Milliseconds it will wait for a worker; `Infinity` waits for as long as the deadline allows. */
  readonly queueTimeout: number
  /** When the whole call must be over, on the pool's clock (`performance.now()`); undefined for never. */
  readonly deadline: number | undefined
  /** A slot of a worker is this call's until it gives the lease back. */
  granted(lease: Lease): void
  /** The call was not run and never will be. */
  refused(error: SnakepitError): void
}

/** One slot of one incarnation of a worker, for one call. */
export interface Lease {
  readonly worker: WorkerHandle
  /** Milliseconds the call waited for it. */
  readonly waited: number
  /**
   * The tool would not leave: its worker takes nothing new any more, and is stopped and replaced as soon as it runs
   * nothing else, at the latest after the pool's `workerDrain`. The slot is still to be given back.
   */
  giveUp(): void
  /** Gives the slot back, once Python is really done with the call. Only the first time counts. */
  release(outcome: LeaseOutcome): void
}

/** How a call that had a worker ended. */
export type LeaseOutcome =
  | { readonly type: 'ok'; readonly left?: undefined }
  /** `left` where the error is that its time ran out. */
  | { readonly type: 'error'; readonly error: unknown; readonly left?: Left | undefined }
  | { readonly type: 'cancelled'; readonly left?: Left | undefined }
  /** Its worker went away. Where `error` is `worker_stopping`, it was asked to; anything else is a crash. */
  | { readonly type: 'lost'; readonly error?: SnakepitError | undefined; readonly left?: undefined }

/** How Python came to leave a call that was cancelled, or ran out of time. */
export interface Left {
  readonly rung: LeaveRung
  /** Milliseconds from the cancel until it had left. */
  readonly after: number
  /** What the tool raised besides, on its way out. */
  readonly error?: SnakepitError | undefined
}

/**
 * How far a cancellation had to go until Python had left the call.
 *
 * - `not_started`: the tool had not begun, and never did.
 * - `closed`: its generator was closed at a `yield`, or it ended by itself.
 * - `interrupted`: it was interrupted in the middle of its code, or its task was cancelled at an `await`.
 * - `thrown`: an exception was raised in its thread: one of several (`threads`), or the event loop that it kept to itself.
 * - `replaced`: none of these helped within `cancelGrace`; its worker was stopped and replaced.
 */
export type LeaveRung = CancelRung | 'replaced'
