// The time of one call, on one timer: until its deadline, and for as long as its tool may be silent.
import type { SnakepitError } from '../errors/snakepit-error.js'
import { time } from '../time/time.js'
import { idle, timedOut } from './call-failures.js'
import type { CallSpec } from './call-spec.js'

/** A call whose time is limited. */
export interface TimedCall {
  /** When all of it has to be over, by `performance.now()`. */
  readonly deadline: number
  /** True once one of its runs may have begun. */
  readonly mayHaveRun: boolean
  /** True while items wait to be taken. */
  readonly hasUnread: boolean
  /** It has taken too long, in the way that the error tells. */
  overtime(error: SnakepitError): void
}

type Limits = Pick<CallSpec, 'tool' | 'timeout' | 'idleTimeout'>

/** Tells a call once that its time is over. */
export class CallTime {
  readonly #call: TimedCall
  readonly #limits: Limits
  #timer: NodeJS.Timeout | undefined
  /** When its tool was last heard of; undefined while none runs. */
  #lastSign: number | undefined

  constructor(call: TimedCall, limits: Limits) {
    this.#call = call
    this.#limits = limits
  }

  /** Milliseconds until the deadline. */
  get left(): number {
    return this.#call.deadline - time.now()
  }

  /** From here on, its time may run out. */
  begin(): void {
    const { idleTimeout = Infinity } = this.#limits
    const now = time.now()
    const idleAt = (this.#lastSign ?? now) + idleTimeout
    this.#timer = time.setTimeout(onTimer, Math.max(1, Math.min(this.#call.deadline, idleAt) - now), this)
  }

  /** Its tool begins, or was heard of: its silence counts from here. */
  sign(): void {
    if (this.#limits.idleTimeout !== undefined) this.#lastSign = time.now()
  }

  /** No tool runs for the time being, and none is silent. */
  rest(): void {
    this.#lastSign = undefined
  }

  /** No time runs out any more. */
  end(): void {
    time.clearTimeout(this.#timer)
  }

  /** The timer is not moved for each sign of life: when it fires too early, it is set again. */
  onTimer(): void {
    const { tool, timeout, idleTimeout } = this.#limits
    // A reader that has not taken what is there keeps the tool waiting, not the other way round.
    if (this.#call.hasUnread) this.sign()
    const now = time.now()
    if (now >= this.#call.deadline - 0.5)
      return this.#call.overtime(timedOut(tool, timeout, this.#call.mayHaveRun ? 'running' : 'queued'))
    if (idleTimeout !== undefined && now - (this.#lastSign ?? now) >= idleTimeout - 0.5)
      return this.#call.overtime(idle(tool, idleTimeout))
    this.begin()
  }
}

function onTimer(time: CallTime): void {
  time.onTimer()
}
