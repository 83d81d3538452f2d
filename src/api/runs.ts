// The runs of one call: how many there were, how they failed, and whether there is another one.
import type { SnakepitError } from '../errors/snakepit-error.js'
import { losses, type Retries } from './retries.js'

/** Runs of a call that were lost before they began; more of them, and something else is wrong. */
const mostLost = 10

/** What is remembered of the runs of one call. */
export class Runs {
  readonly #retries: Retries | undefined
  /** Which run this is, from 1. */
  current = 1
  /** How an earlier run ended that may have begun: what is told when there is no further one. */
  failure: SnakepitError | undefined
  #crashes = 0

  constructor(retries: Retries | undefined) {
    this.#retries = retries
  }

  /**
   * The current run has failed before it gave anything.
   *
   * @param left milliseconds until the call's deadline
   * @returns milliseconds until the next run; undefined when there is none
   */
  failed(error: SnakepitError, left: number): number | undefined {
    const pause = this.#pauseAfter(error, left)
    if (pause === undefined) return undefined
    if (error.mayHaveRun) this.failure = error
    this.current++
    return pause
  }

  #pauseAfter(error: SnakepitError, left: number): number | undefined {
    const isLoss = losses.includes(error.code)
    // It never left this side: to run it elsewhere is no second run, and no matter of the budget.
    if (isLoss && !error.mayHaveRun) return this.current < mostLost ? 0 : undefined
    if (isLoss && error.code !== 'worker_stopping') this.#crashes++
    return this.#retries?.after({ error, attempt: this.current, crashes: this.#crashes, left })
  }
}
