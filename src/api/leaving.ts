// How a call is left that has not ended: its tool is given some time, and then goes with its worker.
import type { SnakepitError } from '../errors/snakepit-error.js'
import { afterLimit } from '../time/limit.js'
import { time } from '../time/time.js'

/** A call that Python was asked to leave, from then until it has. */
export class Leaving {
  /** The call's time ran out; undefined for an abort. */
  readonly overtime: SnakepitError | undefined
  readonly #since = time.now()
  readonly #patience: NodeJS.Timeout | undefined
  #forced = false

  /**
   * @param grace milliseconds that the tool gets to leave
   * @param force the last rung: takes down its worker
   */
  constructor(overtime: SnakepitError | undefined, grace: number, force: () => void) {
    this.overtime = overtime
    this.#patience = afterLimit(grace, () => {
      this.#forced = true
      force()
    })
  }

  /** True when its worker is stopped because the tool would not leave. */
  get forced(): boolean {
    return this.#forced
  }

  /** Milliseconds since Python was asked. */
  get after(): number {
    return time.now() - this.#since
  }

  /** Python has left it. */
  over(): void {
    time.clearTimeout(this.#patience)
  }
}
