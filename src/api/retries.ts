// When a call that failed for want of a worker is run again: only idempotent ones, not for ever, and within a budget.
import type { ErrorCode } from '../errors/codes.js'
import type { SnakepitError } from '../errors/snakepit-error.js'
import { time } from '../time/time.js'

/** How idempotent calls are run again. Times are milliseconds. */
export interface RetryRules {
  /** Runs of one call, the first included. */
  readonly attempts: number
  /** Before the second run; doubles with each that follows. */
  readonly backoff: number
  readonly maxBackoff: number
  /** The share of the backoff that chance may take off it, 0 to 1. */
  readonly jitter: number
  /** Runs beyond the first, all calls together: those that each call pays for, and those that are free each second. */
  readonly budget: { readonly share: number; readonly perSecond: number }
  /** Whether this error is worth another run. */
  readonly on: (error: SnakepitError) => boolean
}

/** What a call hears whose worker was lost: another one may do better. */
export const losses: readonly ErrorCode[] = [
  'worker_crashed',
  'worker_unresponsive',
  'worker_stopping',
  'transport_failed',
]

/** A call that was there when so many workers died meets no further one. */
const mostCrashes = 2

const mostEarned = 100

/** What is known when a run has failed. */
export interface FailedRun {
  readonly error: SnakepitError
  /** Which run it was, from 1. */
  readonly attempt: number
  /** Workers that died under this call, this time included. */
  readonly crashes: number
  /** Milliseconds until the call's deadline. */
  readonly left: number
}

/**
 * The retries of one pool, which share a budget: when everything fails, the load grows by the budget, not
 * by the number of attempts.
 */
export class Retries {
  readonly #rules: RetryRules
  readonly #random: () => number
  /** Runs that the calls have paid for, and those that time gives away. */
  #earned = 0
  #free: number
  #at: number

  constructor(rules: RetryRules, random: () => number, now = time.now()) {
    this.#rules = rules
    this.#random = random
    this.#free = rules.budget.perSecond
    this.#at = now
  }

  /** A call has come that may be run again. */
  noteCall(): void {
    // What nobody needed for long is not saved up for a storm.
    this.#earned = Math.min(this.#earned + this.#rules.budget.share, mostEarned)
  }

  /** Milliseconds to wait before the next run; undefined when there is none. */
  after({ error, attempt, crashes, left }: FailedRun, now: number = time.now()): number | undefined {
    const { attempts, backoff, maxBackoff, jitter, on } = this.#rules
    if (attempt >= attempts || crashes >= mostCrashes || !on(error)) return undefined
    const delay = Math.min(backoff * 2 ** (attempt - 1), maxBackoff) * (1 - jitter * this.#random())
    if (delay >= left) return undefined
    return this.#pay(now) ? delay : undefined
  }

  #pay(now: number): boolean {
    const { perSecond } = this.#rules.budget
    this.#free = Math.min(this.#free + ((now - this.#at) / 1000) * perSecond, Math.max(perSecond, 1))
    this.#at = now
    if (this.#free >= 1) this.#free--
    else if (this.#earned >= 1) this.#earned--
    else return false
    return true
  }
}
