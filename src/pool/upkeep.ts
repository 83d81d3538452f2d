// Looks after the workers: what the facts say about them becomes orders to the roster.
import type { PoolFact } from './pool-event.js'
import { canRecycle, type RecycleRules } from './recycle.js'
import { Recycler } from './recycler.js'
import type { Roster } from './roster.js'
import type { PoolMeans, RosterNews } from './roster-news.js'
import type { ScaleRules } from './scale.js'
import { Scaler } from './scaler.js'

/** What the upkeep is told once. */
export interface UpkeepRules extends ScaleRules {
  readonly recycle: RecycleRules
}

/** Connects scaling, recycling and taint to what they watch. A pool that does none of it pays for none of it. */
export class Upkeep {
  readonly #scaler: Scaler | undefined
  readonly #recycler: Recycler | undefined
  #running = 0
  #isClosed = false

  constructor(
    rules: UpkeepRules,
    means: PoolMeans,
    readonly roster: Roster,
  ) {
    if (rules.maxSize > rules.minSize) this.#scaler = new Scaler(rules, means.clock, roster)
    if (canRecycle(rules.recycle)) this.#recycler = new Recycler(rules.recycle, means, roster)
  }

  /** Something was decided about a call or a worker. */
  note(fact: PoolFact): void {
    if (this.#isClosed) return
    switch (fact.type) {
      case 'granted':
        this.#scaler?.noteLoad(++this.#running)
        return
      case 'ended':
        this.#scaler?.noteLoad(--this.#running)
        this.#recycler?.noteCall(fact.lease.seat)
        return
      case 'demand':
        this.#scaler?.noteDemand(fact.calls)
        return
      case 'worker-tainted':
        this.roster.dismiss(fact.worker, 'tainted')
        return
      case 'worker-vacant':
        this.roster.vacate(fact.worker)
        return
    }
  }

  /** Something happened to the workers. */
  hear(news: RosterNews): void {
    if (this.#isClosed || news.type === 'worker-event') return
    this.#recycler?.hear(news)
    if (news.type !== 'worker-sign') this.#scaler?.noteWorkers()
  }

  /** Leaves the workers alone from now on. */
  close(): void {
    this.#isClosed = true
    this.#scaler?.close()
    this.#recycler?.close()
  }
}
