// What was done to the workers, counted from the news and the facts.
import type { SnakepitError } from '../errors/snakepit-error.js'
import { type CrashClass, crashClassOf } from '../worker/crash-class.js'
import type { BreakerState } from './breaker.js'
import type { GuardFact } from './guard.js'
import type { RosterNews } from './roster-news.js'

/** How often workers came and went. */
export interface UpkeepCounts {
  /** Workers that were replaced though nothing was wrong with them. */
  readonly recycled: number
  /** Workers that were replaced because a call, or silence, left them in doubt. */
  readonly tainted: number
  /** Workers that were added. */
  readonly scaledUp: number
  /** Workers that were let go. */
  readonly scaledDown: number
  /** Workers that ended without being asked to, by class. */
  readonly crashes: Readonly<Partial<Record<CrashClass, number>>>
  /** Times that a tool, or one poison key of it, was put in quarantine. */
  readonly quarantined: number
}

/** The circuit breakers that there are, by state. */
export interface BreakerStates {
  /** The one of the whole pool. */
  readonly pool: BreakerState['type']
  /** Those of tools, where they are not closed. */
  readonly tools: Readonly<Record<string, 'open' | 'half_open'>>
}

/** Counts what it hears. */
export class UpkeepTally {
  readonly #counts = { recycled: 0, tainted: 0, scaledUp: 0, scaledDown: 0, quarantined: 0 }
  readonly #crashes: Partial<Record<CrashClass, number>> = {}
  readonly #openTools = new Map<string, 'open' | 'half_open'>()
  #poolBreaker: BreakerState['type'] = 'closed'

  hear(news: RosterNews): void {
    switch (news.type) {
      case 'worker-leaving':
        if (news.because === 'recycled') this.#counts.recycled++
        else if (news.because === 'tainted') this.#counts.tainted++
        else if (news.because === 'scaled_down') this.#counts.scaledDown++
        return
      case 'place-added':
        if (news.because === 'scaled_up') this.#counts.scaledUp++
        return
      case 'worker-event':
        if (news.event.type === 'exited' && isCrash(news.event.error)) this.#crashed(crashClassOf(news.event.exit))
        return
    }
  }

  note(fact: GuardFact): void {
    if (fact.type === 'tool-quarantined') this.#counts.quarantined++
    else if (fact.tool === undefined) this.#poolBreaker = fact.state.type
    else if (fact.state.type === 'closed') this.#openTools.delete(fact.tool)
    else this.#openTools.set(fact.tool, fact.state.type)
  }

  counts(): UpkeepCounts {
    return { ...this.#counts, crashes: { ...this.#crashes } }
  }

  breakers(): BreakerStates {
    return { pool: this.#poolBreaker, tools: Object.fromEntries(this.#openTools) }
  }

  #crashed(kind: CrashClass): void {
    this.#crashes[kind] = (this.#crashes[kind] ?? 0) + 1
  }
}

/** One that was stopped for its silence counts as tainted. */
function isCrash(error: SnakepitError | undefined): boolean {
  return error !== undefined && error.code !== 'worker_unresponsive'
}
