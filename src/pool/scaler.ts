// Lets a pool breathe: watches the load, and has workers added and let go.
import { Alarm } from './alarm.js'
import type { Clock } from './clock.js'
import type { PoolWorker } from './pool-worker.js'
import type { Roster } from './roster.js'
import { type ScaleRules, scale } from './scale.js'

/** Keeps what the scaling decision needs to know, and follows it. */
export class Scaler {
  readonly #alarm: Alarm
  #demand = 0
  #isFull = false
  #running = 0
  #slots = 0
  #spareSince = Infinity

  constructor(
    readonly rules: ScaleRules,
    readonly clock: Clock,
    readonly roster: Roster,
  ) {
    this.#alarm = new Alarm(clock, () => this.#look())
  }

  /** So many calls wait that any worker could run. */
  noteDemand(calls: number): void {
    const rises = calls > this.#demand
    this.#demand = calls
    if (rises && !this.#isFull) this.#look()
  }

  /** So many calls run. */
  noteLoad(running: number): void {
    this.#running = running
    this.#noteSpare()
  }

  /** Something happened to the workers. */
  noteWorkers(): void {
    const slots = this.roster.count('ready') * this.rules.concurrency
    // With one worker less, the question whether one less would have done begins anew.
    if (slots < this.#slots) this.#spareSince = Infinity
    this.#slots = slots
    this.#isFull = this.roster.size >= this.rules.maxSize
    this.#noteSpare()
    this.#look()
  }

  close(): void {
    this.#alarm.clear()
  }

  #noteSpare(): void {
    if (this.#slots - this.#running < this.rules.concurrency) this.#spareSince = Infinity
    else if (this.#spareSince === Infinity) this.#spareSince = this.clock.now()
  }

  #look(): void {
    const { roster } = this
    const verdict = scale(
      {
        now: this.clock.now(),
        isUp: roster.hasBeenReady,
        size: roster.size,
        coming: roster.places.filter((place) => place.isToStay && comes.has(place.state.type)).length,
        leaving: roster.places.filter((place) => !place.isToStay && !place.relieves).length,
        demand: this.#demand,
        spareSince: this.#spareSince,
        idle: idleWorkers(roster),
      },
      this.rules,
    )
    switch (verdict.type) {
      case 'grow':
        roster.grow(verdict.by)
        return
      case 'shrink':
        roster.dismiss(verdict.worker, 'scaled_down')
        return
      case 'hold':
        this.#alarm.set(verdict.lookAgainAt)
        return
    }
  }
}

/** What a place goes through before it has a worker. */
const comes: ReadonlySet<string> = new Set(['waiting', 'starting', 'resting', 'in-doubt', 'draining', 'stopping'])

/** The workers that run nothing and are nobody's to relieve. */
function idleWorkers({ places, relieved }: Roster): PoolWorker[] {
  const idle: PoolWorker[] = []
  for (const { state } of places) {
    if (state.type === 'ready' && state.worker.leases === 0 && !relieved.has(state.worker)) idle.push(state.worker)
  }
  return idle
}
