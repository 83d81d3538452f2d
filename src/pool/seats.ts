// The slots of the workers: taken, given back and given up, until a worker offers none any more.
import type { LossReason } from './departure.js'
import type { PoolFact } from './pool-event.js'
import type { PoolLease } from './pool-lease.js'
import type { PoolWorker } from './pool-worker.js'
import type { Taint } from './taint.js'

type SeatFact = Extract<PoolFact, { type: 'worker-tainted' | 'worker-vacant' }>

/** The workers that finished their handshake, and what is known of their slots. */
export class Seats {
  readonly workers: PoolWorker[] = []
  #grants = 0

  /** `turnedAway` hears of each worker once: it takes nothing new from then on. */
  constructor(
    readonly tell: (fact: SeatFact) => void,
    readonly turnedAway: (worker: PoolWorker, because: LossReason, now: number) => void,
  ) {}

  /** A worker may be given calls. */
  welcome(worker: PoolWorker, now: number): void {
    worker.idleSince = now
    this.workers.push(worker)
  }

  /** A call takes a slot. */
  take(worker: PoolWorker): void {
    worker.leases++
    worker.lastUsed = ++this.#grants
  }

  /** The slot of a call is free again. */
  giveBack({ seat, isGivenUp }: PoolLease, now: number): void {
    seat.leases--
    if (isGivenUp) seat.givenUp--
    if (seat.leases === 0) seat.idleSince = now
    this.#tellVacant(seat)
  }

  /** A call's tool will not leave. Whoever else is there may finish. */
  giveUp({ seat }: PoolLease, now: number): void {
    seat.givenUp++
    this.taint(seat, 'stubborn_tool', now)
    this.#tellVacant(seat)
  }

  /** A call left its worker in a state in which it should run no other. */
  taint(worker: PoolWorker, by: Taint, now: number): void {
    if (worker.departure !== undefined) return
    this.tell({ type: 'worker-tainted', worker, by })
    this.#turnAway(worker, 'tainted', now)
  }

  /** A worker is on its way out; what it runs may go on. */
  showOut(worker: PoolWorker, because: LossReason, now: number): void {
    this.#turnAway(worker, because, now)
    this.#tellVacant(worker)
  }

  /** A worker is gone. */
  lose(worker: PoolWorker, now: number): void {
    const index = this.workers.indexOf(worker)
    if (index < 0) return
    this.workers.splice(index, 1)
    this.#turnAway(worker, 'crashed', now)
  }

  #turnAway(worker: PoolWorker, because: LossReason, now: number): void {
    if (worker.departure !== undefined) return
    worker.departure = because
    this.turnedAway(worker, because, now)
  }

  #tellVacant(worker: PoolWorker): void {
    if (worker.departure !== undefined && worker.isVacant) this.tell({ type: 'worker-vacant', worker })
  }
}
