// Recycles workers: counts what each has behind it, and has another take its place when that is enough.
import { Alarm } from './alarm.js'
import type { PoolWorker } from './pool-worker.js'
import {
  type DueWorker,
  limitsOf,
  nextToRecycle,
  type RecycleCause,
  type RecycleLimits,
  type RecycleRules,
  recycleCause,
} from './recycle.js'
import type { Roster } from './roster.js'
import type { PoolMeans, RosterNews } from './roster-news.js'

/** Milliseconds between two looks at the memory of one worker. */
const memoryInterval = 1000
/** Milliseconds without another try after no relief could be started. */
const restAfterFailure = 30_000

/** The service of one worker, from its welcome on. */
class ServiceRecord implements DueWorker {
  calls = 0
  cause: RecycleCause | undefined
  dueSince = Infinity
  memory: number | undefined
  memoryReadAt = -Infinity

  constructor(
    readonly worker: PoolWorker,
    readonly bornAt: number,
    readonly limits: RecycleLimits,
  ) {}

  get bonds(): number {
    return this.worker.bonds
  }

  get expiresAt(): number {
    return this.bornAt + this.limits.maxAge
  }
}

/** Watches over the workers' service. */
export class Recycler {
  readonly #records = new Map<PoolWorker, ServiceRecord>()
  readonly #alarm: Alarm
  #restsUntil = -Infinity

  constructor(
    readonly rules: RecycleRules,
    readonly means: PoolMeans,
    readonly roster: Roster,
  ) {
    this.#alarm = new Alarm(means.clock, () => this.#look())
  }

  /** A worker is done with a call. */
  noteCall(worker: PoolWorker): void {
    const record = this.#records.get(worker)
    if (!record) return
    record.calls++
    if (this.#examine(record, this.means.clock.now())) this.#look()
  }

  /** Something happened to the workers. */
  hear(news: RosterNews): void {
    const now = this.means.clock.now()
    switch (news.type) {
      case 'worker-ready':
        this.#records.set(news.worker, new ServiceRecord(news.worker, now, limitsOf(this.rules, this.means.random)))
        break
      case 'worker-leaving':
      case 'worker-gone':
        this.#records.delete(news.worker)
        break
      case 'place-removed':
        if (news.because === 'relief_failed') this.#restsUntil = now + restAfterFailure
        break
      default:
        return
    }
    this.#look()
  }

  close(): void {
    this.#alarm.clear()
    this.#records.clear()
  }

  /** Has the workers relieved whose turn it is, and sets the alarm for the next that grows too old. */
  #look(): void {
    const now = this.means.clock.now()
    for (const record of this.#records.values()) this.#examine(record, now)
    const { relieved } = this.roster
    const due = [...this.#records.values()].filter(({ cause, worker }) => cause && !relieved.has(worker))
    for (let free = this.#freeReliefs(now); free > 0; free--) {
      const next = nextToRecycle(due)
      if (!next) break
      due.splice(due.indexOf(next), 1)
      this.roster.relieve(next.worker)
    }
    const wakes = [...this.#records.values()].map((record) => (record.cause ? Infinity : record.expiresAt))
    if (due.length > 0 && this.#restsUntil > now) wakes.push(this.#restsUntil)
    this.#alarm.set(Math.min(Infinity, ...wakes))
  }

  /** True when the worker has just become due. */
  #examine(record: ServiceRecord, now: number): boolean {
    if (record.cause) return false
    const { calls, bornAt, limits } = record
    record.cause = recycleCause({ calls, age: now - bornAt, memory: this.#memoryOf(record, now) }, limits)
    if (record.cause) record.dueSince = now
    return record.cause !== undefined
  }

  #memoryOf(record: ServiceRecord, now: number): number | undefined {
    if (record.limits.maxMemory !== Infinity && now - record.memoryReadAt >= memoryInterval) {
      record.memoryReadAt = now
      record.memory = this.means.memoryOf(record.worker.handle)
    }
    return record.memory
  }

  /** How many more may be replaced now: a replacement lasts until the one that was relieved is gone. */
  #freeReliefs(now: number): number {
    if (now < this.#restsUntil) return 0
    const extra = this.roster.places.filter(
      ({ relieves, state }) => relieves || ('order' in state && state.order?.because === 'recycled'),
    )
    return this.rules.atOnce - extra.length
  }
}
