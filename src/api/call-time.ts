// The time of one call, on one timer: until its deadline, while its tool is silent, and while its stream stands still.
import { longestDelay } from '../errors/invalid-option.js'
import type { SnakepitError } from '../errors/snakepit-error.js'
import { time } from '../time/time.js'
import { idle, stoodStill, timedOut } from './call-failures.js'
import type { CallSpec } from './call-spec.js'

/** A call whose time is limited. */
export interface TimedCall {
  /** When all of it has to be over, on the library's clock; `Infinity` for never. */
  readonly deadline: number
  /** True once one of its runs may have begun. */
  readonly mayHaveRun: boolean
  /** True while items wait to be taken. */
  readonly hasUnread: boolean
  /** It has taken too long, in the way that the error tells. */
  overtime(error: SnakepitError): void
}

type Limits = Pick<CallSpec, 'tool' | 'timeout' | 'standstill' | 'idleTimeout'>

/** Tells a call once that its time is over. */
export class CallTime {
  readonly #call: TimedCall
  readonly #limits: Limits
  /** Somebody has to remember when something last moved. */
  readonly #watches: boolean
  #timer: NodeJS.Timeout | undefined
  /** When something last came or was taken; at first, when the call began. */
  #lastMove = 0
  /** When its tool was last heard of; undefined while none runs. */
  #lastSign: number | undefined

  constructor(call: TimedCall, limits: Limits) {
    this.#call = call
    this.#limits = limits
    this.#watches = Math.min(limits.idleTimeout, limits.standstill) < Infinity
  }

  /** Milliseconds until the deadline. */
  get left(): number {
    return this.#call.deadline - time.now()
  }

  /** From here on, its time may run out. */
  begin(): void {
    this.#lastMove = time.now()
    this.#setTimer(this.#lastMove)
  }

  /** Its tool begins, or was heard of, or its reader took a chunk: silence and stillness count from here. */
  sign(): void {
    if (!this.#watches) return
    this.#lastMove = time.now()
    this.#lastSign = this.#lastMove
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
    const { tool, timeout, standstill, idleTimeout } = this.#limits
    const { deadline, hasUnread, mayHaveRun } = this.#call
    const now = time.now()
    if (now >= deadline - 0.5) return this.#call.overtime(timedOut(tool, timeout, mayHaveRun ? 'running' : 'queued'))
    if (now - this.#lastMove >= standstill - 0.5) {
      const waitsFor = hasUnread ? 'reader' : mayHaveRun ? 'tool' : 'worker'
      return this.#call.overtime(stoodStill(tool, standstill, waitsFor))
    }
    // A reader that has not taken what is there keeps the tool waiting, not the other way round.
    if (hasUnread) this.#lastSign = now
    if (now - (this.#lastSign ?? now) >= idleTimeout - 0.5) return this.#call.overtime(idle(tool, idleTimeout))
    this.#setTimer(now)
  }

  /** A call without any limit has a timer too: it keeps the program alive until the call has ended. */
  #setTimer(now: number): void {
    const { standstill, idleTimeout } = this.#limits
    const due = Math.min(this.#call.deadline, this.#lastMove + standstill, (this.#lastSign ?? now) + idleTimeout)
    this.#timer = time.setTimeout(onTimer, Math.min(Math.max(1, due - now), longestDelay), this)
  }
}

function onTimer(callTime: CallTime): void {
  callTime.onTimer()
}
