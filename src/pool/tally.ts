// The pool's numbers, counted from what it says and nothing else.
import { SnakepitError } from '../errors/snakepit-error.js'
import { Histogram, type LatencySummary } from './histogram.js'
import type { PoolFact } from './pool-event.js'
import type { LeaseOutcome, LeaveRung, PoolRequest } from './request.js'

/**
 * The numbers of a pool at one moment.
 * `submitted = queued + running + completed + errors + cancelled + timeouts + refused + lost`, always.
 */
export interface CallCounts {
  /** Calls that ever came; one that is run again counts anew with each run, here and below. */
  readonly submitted: number
  /** Calls that wait for a worker. */
  readonly queued: number
  /** Calls that hold a lease. */
  readonly running: number
  /** Calls that ended well. */
  readonly completed: number
  /** Calls that ran and failed. */
  readonly errors: number
  /** Calls that their callers gave up, waiting or running. */
  readonly cancelled: number
  /** Calls that ran out of time, waiting or running. */
  readonly timeouts: number
  /** Calls that were never run, for another reason than time. */
  readonly refused: number
  /** Calls whose worker went away. */
  readonly lost: number
  /** How many of those submitted were further runs of a call that had failed. */
  readonly retries: number
  /** Calls that were left before they had ended, by how far Python had to be pushed. */
  readonly cancels: Readonly<Record<LeaveRung, number>>
}

/** Latencies of calls, in milliseconds. */
export interface CallLatencies {
  /** From submitted to granted. */
  readonly queue: LatencySummary
  /** From granted to given back. */
  readonly run: LatencySummary
  /** Both together. */
  readonly total: LatencySummary
}

/** Counts facts. */
export class Tally {
  readonly #counts = {
    submitted: 0,
    queued: 0,
    running: 0,
    completed: 0,
    errors: 0,
    cancelled: 0,
    timeouts: 0,
    refused: 0,
    lost: 0,
    retries: 0,
  }
  readonly #cancels = { not_started: 0, closed: 0, interrupted: 0, thrown: 0, replaced: 0 }
  readonly #queue = new Histogram()
  readonly #run = new Histogram()
  readonly #total = new Histogram()

  /** Calls that are not over. */
  get open(): number {
    return this.#counts.queued + this.#counts.running
  }

  /** A call came; it counts as queued until it is answered. */
  submitted({ attempt = 1 }: PoolRequest): void {
    if (attempt > 1) this.#counts.retries++
    this.#counts.submitted++
    this.#counts.queued++
  }

  note(fact: PoolFact): void {
    const counts = this.#counts
    switch (fact.type) {
      case 'granted':
        counts.queued--
        counts.running++
        this.#queue.record(fact.lease.waited)
        return
      case 'refused':
        counts.queued--
        counts[fact.error.category === 'timeout' ? 'timeouts' : 'refused']++
        return
      case 'dropped':
        counts.queued--
        counts.cancelled++
        return
      case 'ended':
        counts.running--
        counts[columnOf(fact.outcome)]++
        if (fact.outcome.left !== undefined) this.#cancels[fact.outcome.left.rung]++
        this.#run.record(fact.ran)
        this.#total.record(fact.lease.waited + fact.ran)
        return
    }
  }

  counts(): CallCounts {
    return { ...this.#counts, cancels: { ...this.#cancels } }
  }

  latencies(): CallLatencies {
    return { queue: this.#queue.summary(), run: this.#run.summary(), total: this.#total.summary() }
  }
}

function columnOf(outcome: LeaseOutcome): 'completed' | 'errors' | 'timeouts' | 'cancelled' | 'lost' {
  switch (outcome.type) {
    case 'ok':
      return 'completed'
    case 'error':
      return outcome.error instanceof SnakepitError && outcome.error.category === 'timeout' ? 'timeouts' : 'errors'
    case 'cancelled':
    case 'lost':
      return outcome.type
  }
}
