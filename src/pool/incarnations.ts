// One incarnation after another in each place: started, welcomed, shown out, mourned, and followed by the next.
import type { SnakepitError } from '../errors/snakepit-error.js'
import type { LifeSign } from '../worker/life-sign.js'
import type { WorkerEvent, WorkerHandle } from '../worker/worker-event.js'
import { timerOn } from './clock.js'
import type { OrderReason, StopReason } from './departure.js'
import type { Places } from './places.js'
import { PoolWorker } from './pool-worker.js'
import { poolFailed, tooManyCrashes, workerVanished } from './refusals.js'
import { afterCrash, afterStartFailure, afterTaint } from './restart-policy.js'
import type { PoolMeans, RemovalReason, RosterNews, RosterRules } from './roster-news.js'
import { type Listener, StartBatches } from './start-batches.js'
import type { StopOrder, WorkerPlace } from './worker-place.js'

/** What is known of a worker that is gone. */
interface Past {
  /** Milliseconds that it had been ready. */
  readonly lived: number
  /** True when calls were there that the crash barrier holds it against. */
  readonly isBlamed: boolean
}

/** Hears the workers in the places and does what the policies say. */
export class Incarnations implements Listener {
  readonly #batches: StartBatches
  #crashes: readonly number[] = []
  /** True once any worker has been ready. */
  hasBeenReady = false

  constructor(
    readonly rules: RosterRules,
    readonly means: PoolMeans,
    readonly places: Places,
    readonly tell: (news: RosterNews) => void,
  ) {
    this.#batches = new StartBatches(rules, means, places, this)
  }

  /** How many took the place of one that was lost or tainted. */
  get restarts(): number {
    return this.#batches.restarts
  }

  /** True once all are asked to stop. */
  get isStopping(): boolean {
    return this.#batches.isOver
  }

  /** Starts the workers whose batch it is. */
  startWaiting(): void {
    this.#batches.startWaiting()
  }

  // ---- listening

  hear(place: WorkerPlace, event: WorkerEvent): void {
    this.tell({ type: 'worker-event', event })
    switch (event.type) {
      case 'ready':
        this.#welcome(place, event.handle)
        return
      case 'condition':
        this.#noteSign(place, event)
        return
      case 'stopping':
        this.#showOut(place, 'crashed')
        return
      case 'start-failed':
        this.#missStart(place, event.error)
        return
      case 'exited':
        this.vanish(place, undefined, event.error)
        return
      case 'starting':
      case 'log':
        return
    }
  }

  #welcome(place: WorkerPlace, handle: WorkerHandle): void {
    if (place.state.type !== 'starting') return
    const worker = new PoolWorker(handle, this.rules.concurrency)
    place.state = { type: 'ready', worker, since: this.means.clock.now() }
    place.failures = 0
    this.hasBeenReady = true
    // The new one first, so that what the old one leaves has somewhere to go. One that is going by itself is relieved
    // when it is gone.
    const leaving = place.relieves && this.#beginDrain(place.relieves, { because: 'recycled', afterwards: 'remove' })
    if (leaving) place.relieves = undefined
    this.tell({ type: 'worker-ready', worker })
    leaving?.()
    for (const doubted of [...this.places.all]) {
      if (doubted.state.type === 'in-doubt') this.#missStart(doubted, doubted.state.error)
    }
    this.startWaiting()
  }

  #noteSign(place: WorkerPlace, { condition }: LifeSign): void {
    const { state } = place
    if (state.type !== 'ready' && state.type !== 'draining') return
    const { worker } = state
    this.tell({ type: 'worker-sign', worker, sign: condition })
    // How it ended is told later; nothing is sent there meanwhile.
    if (condition === 'gone') return this.#showOut(place, 'crashed')
    // What it runs will never end by itself.
    if (condition === 'hung') this.dismiss(place, 'tainted', 0)
  }

  // ---- going

  /** Orders the worker of a place to go when what it runs has ended, or `patience` has. */
  dismiss(place: WorkerPlace, because: OrderReason, patience = this.rules.workerDrain): void {
    const relief = this.places.reliefOf(place)
    const afterwards = because === 'tainted' && !relief ? 'refill' : 'remove'
    if (relief) relief.relieves = undefined
    this.#beginDrain(place, { because, afterwards }, patience)?.()
  }

  /** Changes the books; what is returned tells it. */
  #beginDrain(place: WorkerPlace, order: StopOrder, patience = this.rules.workerDrain): (() => void) | undefined {
    if (place.state.type !== 'ready') return undefined
    const { worker, since } = place.state
    const alarm = timerOn(this.means.clock, patience).subscribe(() => this.stopDrained(place))
    place.state = { type: 'draining', worker, since, order, alarm }
    return () => this.tell({ type: 'worker-leaving', worker, because: order.because })
  }

  /** Asks a worker that was draining to stop. */
  stopDrained(place: WorkerPlace): void {
    if (place.state.type !== 'draining') return
    const { because } = place.state.order
    place.showOut(this.means.clock.now())
    place.stop$.next(because)
  }

  /** Its worker stops: by itself, or because all are asked to. */
  #showOut(place: WorkerPlace, because: 'crashed' | 'closed'): void {
    const worker = place.showOut(this.means.clock.now())
    if (worker) this.tell({ type: 'worker-leaving', worker, because })
  }

  // ---- losing

  #missStart(place: WorkerPlace, error: SnakepitError): void {
    if (this.isStopping) {
      place.state = { type: 'stopped' }
      return
    }
    if (place.state.type !== 'in-doubt') place.failures++
    place.state = { type: 'in-doubt', error }
    const { failures, restarts } = place
    const failure = { failures, restarts, poolWasUp: this.hasBeenReady, others: this.places.prospects() }
    const verdict = afterStartFailure(failure, this.rules.restart, this.means.random)
    switch (verdict.type) {
      case 'wait-for-others':
        return
      case 'restart':
        this.#batches.startLater(place, verdict, error)
        this.startWaiting()
        return
      case 'give-up-place':
        this.#giveUp(place, error)
        this.startWaiting()
        return
      case 'give-up':
        place.state = { type: 'given-up', error }
        this.#fail(this.hasBeenReady ? poolFailed(this.rules.name, 'no worker starts any more', error) : error)
        return
    }
  }

  #giveUp(place: WorkerPlace, error: SnakepitError): void {
    // The worker that was to be relieved is still there, and goes on.
    if (place.relieves) {
      this.#remove(place, 'relief_failed')
      return
    }
    place.state = { type: 'given-up', error }
    this.tell({ type: 'place-given-up', place: place.id, error })
  }

  vanish(place: WorkerPlace, cause?: unknown, error?: SnakepitError): void {
    const { state } = place
    if (state.type === 'starting' || (state.type === 'stopping' && !state.worker)) {
      this.#missStart(place, error ?? workerVanished(place.id, false, cause))
      return
    }
    if (state.type !== 'ready' && state.type !== 'draining' && state.type !== 'stopping') return
    if (state.type === 'draining') state.alarm.unsubscribe()
    const order = state.type === 'ready' ? undefined : state.order
    place.state = { type: 'stopped' }
    if (order?.afterwards === 'remove') this.places.remove(place)
    this.tell({ type: 'worker-gone', worker: state.worker as PoolWorker })
    if (this.isStopping) return
    const lived = this.means.clock.now() - state.since
    // The barrier keeps those calls from the others: it is no matter of all workers.
    const isBlamed = this.rules.barrier !== false && (state.worker as PoolWorker).leases > 0
    if (state.type === 'stopping' && order) this.#follow(place, order, lived)
    else this.#crashed(place, order, { lived, isBlamed }, error ?? workerVanished(place.id, true, cause))
  }

  /** A worker that was ordered to go is gone. */
  #follow(place: WorkerPlace, order: StopOrder, lived: number): void {
    const { restart } = this.rules
    if (order.afterwards === 'remove') this.#remove(place, order.because)
    else
      this.#batches.startLater(
        place,
        afterTaint({ lived, restarts: place.restarts }, restart, this.means.random),
        undefined,
      )
  }

  /** A worker is gone that was not asked to stop, though it may have been about to. */
  #crashed(place: WorkerPlace, order: StopOrder | undefined, { lived, isBlamed }: Past, error: SnakepitError): void {
    const crash = { at: this.means.clock.now(), lived, restarts: place.restarts, earlier: this.#crashes, isBlamed }
    const verdict = afterCrash(crash, this.rules.restart, this.means.random)
    this.#crashes = verdict.crashes
    if (verdict.type === 'give-up') {
      this.#fail(tooManyCrashes(this.rules, error))
      return
    }
    const relief = this.places.reliefOf(place)
    if (relief) relief.relieves = undefined
    if (relief || order?.afterwards === 'remove') this.#remove(place, order?.because ?? 'crashed')
    else this.#batches.startLater(place, verdict, error)
  }

  #remove(place: WorkerPlace, because: RemovalReason): void {
    place.state = { type: 'stopped' }
    this.places.remove(place)
    this.tell({ type: 'place-removed', place: place.id, because })
  }

  // ---- stopping

  #fail(error: SnakepitError): void {
    this.#batches.end()
    this.tell({ type: 'roster-failed', error })
    this.#askAllToStop('pool-failed')
  }

  /** Stops every worker; resolves when all are gone, or when `stopLimit` has passed. */
  stop(reason: StopReason): Promise<void> {
    this.#askAllToStop(reason)
    return this.#batches.gone()
  }

  #askAllToStop(reason: StopReason): void {
    this.#batches.end()
    for (const place of [...this.places.all]) {
      if (!place.isServed) {
        place.close()
        continue
      }
      this.#showOut(place, 'closed')
      place.stop$.next(reason)
    }
  }
}
