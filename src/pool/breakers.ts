// The breakers of a pool: one for all its calls, one for each tool that failed.
import { SnakepitError } from '../errors/snakepit-error.js'
import {
  type Admission,
  admits,
  afterBreakerEvent,
  type BreakerRules,
  type BreakerState,
  type CallVerdict,
  closedBreaker,
} from './breaker.js'
import type { LeaseOutcome } from './request.js'
import { metCrash } from './taint.js'

/** One breaker: its state, and the calls that it is trying. */
export class Breaker {
  #state: BreakerState = closedBreaker
  readonly #trials = new Set<object>()

  constructor(
    readonly rules: BreakerRules,
    /** Told when it opens, half opens and closes. */
    readonly changed: (state: BreakerState) => void,
  ) {}

  /** True while it remembers nothing that could matter. */
  isBlank(now: number): boolean {
    const state = this.#state
    return state.type === 'closed' && state.failures.every((time) => now - time >= this.rules.within)
  }

  admits(now: number): Admission {
    return admits(this.#state, now, this.rules)
  }

  started(call: object, now: number): void {
    this.#become(afterBreakerEvent(this.#state, { type: 'started', at: now }, this.rules))
    if (this.#state.type === 'half_open') this.#trials.add(call)
  }

  ended(call: object, how: CallVerdict, now: number): void {
    const isTrial = this.#trials.delete(call)
    this.#become(afterBreakerEvent(this.#state, { type: 'ended', at: now, how, isTrial }, this.rules))
  }

  #become(state: BreakerState): void {
    const before = this.#state
    this.#state = state
    if (state.type === before.type) return
    if (state.type !== 'half_open') this.#trials.clear()
    this.changed(state)
  }
}

const mostTools = 1000

/** A breaker for each tool, from its first failure until it is forgotten. */
export class ToolBreakers {
  readonly #breakers = new Map<string, Breaker>()

  constructor(
    readonly rules: BreakerRules,
    readonly changed: (tool: string, state: BreakerState) => void,
  ) {}

  /** The tool's breaker; undefined for a tool that never failed. */
  of(tool: string): Breaker | undefined {
    return this.#breakers.get(tool)
  }

  ended(tool: string, call: object, how: CallVerdict, now: number): void {
    const breaker = this.#breakers.get(tool) ?? (how === 'failure' ? this.#add(tool, now) : undefined)
    breaker?.ended(call, how, now)
  }

  #add(tool: string, now: number): Breaker | undefined {
    if (this.#breakers.size >= mostTools) this.#forgetBlank(now)
    if (this.#breakers.size >= mostTools) return undefined
    const breaker = new Breaker(this.rules, (state) => this.changed(tool, state))
    this.#breakers.set(tool, breaker)
    return breaker
  }

  #forgetBlank(now: number): void {
    for (const [tool, breaker] of this.#breakers) if (breaker.isBlank(now)) this.#breakers.delete(tool)
  }
}

/** What the end of a call says about what it called. */
export function verdictOf(outcome: LeaseOutcome): CallVerdict {
  switch (outcome.type) {
    case 'ok':
      return 'success'
    case 'cancelled':
      return 'neither'
    case 'lost':
      return metCrash(outcome, undefined) ? 'failure' : 'neither'
    case 'error':
      // A call that made no sense says nothing about how the tool is.
      return outcome.error instanceof SnakepitError && outcome.error.category === 'validation' ? 'neither' : 'failure'
  }
}
