// The pool's workers: how many there are, and which of them is told to go.
import { type Observable, Subject } from 'rxjs'
import type { OrderReason, StopReason } from './departure.js'
import { Incarnations } from './incarnations.js'
import { Places } from './places.js'
import type { PoolWorker } from './pool-worker.js'
import type { PoolMeans, RosterNews, RosterRules } from './roster-news.js'
import type { PlaceState, WorkerPlace } from './worker-place.js'

/** The places of a pool and who is in them. Books first, then news: whoever hears news sees `places` as they are now. */
export class Roster {
  readonly #places: Places
  readonly #incarnations: Incarnations
  readonly #news = new Subject<RosterNews>()
  #isStarted = false

  /** What happens to the workers, as it happens; completes when all are stopped. Subscribe before `start`. */
  readonly news$: Observable<RosterNews> = this.#news.asObservable()

  constructor(rules: RosterRules, means: PoolMeans) {
    this.#places = new Places(rules.name)
    for (let index = 0; index < rules.size; index++) this.#places.add()
    this.#incarnations = new Incarnations(rules, means, this.#places, (news) => this.#news.next(news))
  }

  get places(): readonly WorkerPlace[] {
    return this.#places.all
  }

  /** How many places are to stay. */
  get size(): number {
    return this.#places.size
  }

  /** The workers that go as soon as their relief is ready. */
  get relieved(): ReadonlySet<PoolWorker> {
    const workers = new Set<PoolWorker>()
    for (const { relieves } of this.places) if (relieves?.state.type === 'ready') workers.add(relieves.state.worker)
    return workers
  }

  /** True once any worker has been ready. */
  get hasBeenReady(): boolean {
    return this.#incarnations.hasBeenReady
  }

  /** How many incarnations took the place of one that was lost or tainted. */
  get restarts(): number {
    return this.#incarnations.restarts
  }

  /** How many places are in the given state. */
  count(type: PlaceState['type']): number {
    return this.#places.count(type)
  }

  /** Starts the workers, a batch at a time. */
  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    this.#incarnations.startWaiting()
  }

  /** Adds places and starts their workers in the next batches. */
  grow(by: number): void {
    if (!this.#isUp) return
    const added = Array.from({ length: by }, () => this.#places.add())
    for (const { id } of added) this.#news.next({ type: 'place-added', place: id, because: 'scaled_up' })
    this.#incarnations.startWaiting()
  }

  /** Starts another worker in an extra place; when it is ready, this one is ordered to go. A relief has to wait for it. */
  relieve(worker: PoolWorker): void {
    const place = this.#placeOf(worker)
    if (!this.#isUp || !place || place.relieves || this.#places.reliefOf(place)) return
    const relief = this.#places.add()
    relief.relieves = place
    this.#news.next({ type: 'place-added', place: relief.id, because: 'recycling' })
    this.#incarnations.startWaiting()
  }

  /**
   * Orders one worker to go, once what it runs has ended or `patience` milliseconds have passed. That is no crash. A
   * tainted worker is replaced afterwards, unless its relief is on the way already.
   */
  dismiss(worker: PoolWorker, because: OrderReason, patience?: number): void {
    const place = this.#placeOf(worker)
    if (place) this.#incarnations.dismiss(place, because, patience)
  }

  /** A worker that was ordered to go runs nothing any more. */
  vacate(worker: PoolWorker): void {
    const place = this.places.find(({ state }) => state.type === 'draining' && state.worker === worker)
    if (place) this.#incarnations.stopDrained(place)
  }

  /** Stops every worker; resolves when all are gone, or when `stopLimit` has passed. Never rejects. */
  async stop(reason: StopReason): Promise<void> {
    this.#isStarted = true
    await this.#incarnations.stop(reason)
    this.#news.complete()
  }

  get #isUp(): boolean {
    return this.#isStarted && !this.#incarnations.isStopping
  }

  #placeOf(worker: PoolWorker): WorkerPlace | undefined {
    return this.places.find(({ state }) => state.type === 'ready' && state.worker === worker)
  }
}
