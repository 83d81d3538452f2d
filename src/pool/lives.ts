// The incarnations that live, whoever has taken their places since.
import {
  BehaviorSubject,
  defer,
  filter,
  finalize,
  firstValueFrom,
  type Observable,
  type Observer,
  race,
  Subscription,
} from 'rxjs'
import type { WorkerEvent } from '../worker/worker-event.js'
import { type Clock, timerOn } from './clock.js'

/** Whoever listens to one incarnation. */
export interface WorkerEars {
  next(said: WorkerEvent): unknown
  error(cause: unknown): unknown
  complete(): unknown
}

/** Counts the incarnations whose Observable has not ended. */
export class Lives {
  readonly #living = new BehaviorSubject(0)
  readonly #subscriptions = new Subscription()

  /** Starts an incarnation. */
  begin(worker$: () => Observable<WorkerEvent>, ears: WorkerEars): Subscription {
    this.#living.next(this.#living.value + 1)
    const life = defer(worker$)
      .pipe(finalize(() => this.#living.next(this.#living.value - 1)))
      .subscribe(ears as Observer<WorkerEvent>)
    this.#subscriptions.add(life)
    return life
  }

  /** Resolves when all have ended; after `limit` milliseconds those that have not are left. */
  async ended(clock: Clock, limit: number): Promise<void> {
    const none$ = this.#living.pipe(filter((living) => living === 0))
    await firstValueFrom(race(none$, timerOn(clock, limit)), { defaultValue: undefined })
    this.#subscriptions.unsubscribe()
  }
}
