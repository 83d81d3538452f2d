// Who is kept from the workers for what happened before: the crash barrier and the circuit breakers.
import type { SnakepitError } from '../errors/snakepit-error.js'
import { type BarrierRules, Quarantine } from './barrier.js'
import type { BreakerRules, BreakerState } from './breaker.js'
import { Breaker, ToolBreakers, verdictOf } from './breakers.js'
import type { PoolLease } from './pool-lease.js'
import { circuitOpen, toolQuarantined } from './refusals.js'
import type { LeaseOutcome, PoolRequest } from './request.js'
import { metCrash } from './taint.js'

/** What the guard is told once. */
export interface GuardRules {
  readonly barrier: BarrierRules | false
  /** For all calls of the pool together. */
  readonly breaker: BreakerRules | false
  /** For each tool by itself. */
  readonly toolBreaker: BreakerRules | false
}

/** What the guard says. `until` is on the pool's clock. */
export type GuardFact =
  /** Calls of this tool (of this poison key, where it has one) are refused until then. */
  | {
      readonly type: 'tool-quarantined'
      readonly tool: string
      readonly key: string | undefined
      readonly until: number
    }
  /** A breaker opened, half opened or closed; `tool` is undefined for the one of the whole pool. */
  | { readonly type: 'breaker-changed'; readonly tool: string | undefined; readonly state: BreakerState }

/** Stands before the workers. A call is asked when it comes and again when it would run. */
export class Guard {
  readonly #quarantine: Quarantine | undefined
  readonly #breaker: Breaker | undefined
  readonly #tools: ToolBreakers | undefined

  constructor(
    { barrier, breaker, toolBreaker }: GuardRules,
    readonly tell: (fact: GuardFact) => void,
  ) {
    this.#quarantine = barrier ? new Quarantine(barrier) : undefined
    const changed = (tool: string | undefined, state: BreakerState) => tell({ type: 'breaker-changed', tool, state })
    this.#breaker = breaker ? new Breaker(breaker, (state) => changed(undefined, state)) : undefined
    this.#tools = toolBreaker ? new ToolBreakers(toolBreaker, changed) : undefined
  }

  /** Why this call may not run now; undefined when it may. */
  refusal(request: PoolRequest, now: number): SnakepitError | undefined {
    const barredUntil = this.#quarantine?.until(keyOf(request), now)
    if (this.#quarantine && barredUntil !== undefined) {
      return toolQuarantined(request, this.#quarantine.rules.crashes, barredUntil - now)
    }
    const tool = this.#tools?.of(request.tool)?.admits(now)
    if (tool?.type === 'refuse') return circuitOpen(request, 'tool', waitOf(tool.retryAt, now))
    const pool = this.#breaker?.admits(now)
    if (pool?.type === 'refuse') return circuitOpen(request, 'pool', waitOf(pool.retryAt, now))
    return undefined
  }

  /** A call runs from now on. */
  started(lease: PoolLease, now: number): void {
    this.#breaker?.started(lease, now)
    this.#tools?.of(lease.request.tool)?.started(lease, now)
  }

  /** A call has ended. */
  ended(lease: PoolLease, outcome: LeaseOutcome, now: number): void {
    const { request, seat } = lease
    if (this.#quarantine && metCrash(outcome, seat.departure)) {
      const until = this.#quarantine.note(keyOf(request), seat.handle.info.incarnation, now)
      if (until !== undefined) {
        this.tell({ type: 'tool-quarantined', tool: request.tool, key: request.poisonKey, until })
      }
    }
    if (!this.#breaker && !this.#tools) return
    const how = verdictOf(outcome)
    this.#breaker?.ended(lease, how, now)
    this.#tools?.ended(request.tool, lease, how, now)
  }
}

/** What calls are told apart by: the tool, and the key that its caller gave for this very call. */
function keyOf({ tool, poisonKey }: PoolRequest): string {
  return poisonKey === undefined ? tool : `${tool}\n${poisonKey}`
}

function waitOf(retryAt: number | undefined, now: number): number | undefined {
  return retryAt === undefined ? undefined : retryAt - now
}
