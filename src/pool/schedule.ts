// The scheduler as an RxJS operator: pool events in, answers to calls out.
import { Observable, type OperatorFunction } from 'rxjs'
import type { Clock } from './clock.js'
import { Dispatcher, type ScheduleRules } from './dispatcher.js'
import type { PoolEvent, PoolFact } from './pool-event.js'
import type { ReturnDesk } from './pool-lease.js'

/**
 * Decides who runs what, where and when.
 *
 * Each subscription keeps books of its own. Leases that it grants are given back at `desk`, which the program feeds back
 * into the source. A fact may cause events before `next` returns; the facts that follow from them come after it, in
 * order. Unsubscribing stops the timers and answers nobody: send `cleared` first.
 *
 * @example
 * ```ts
 * const returns = new Subject<LeaseEvent>()
 * merge(calls$, returns, roster$).pipe(schedule(settings, systemClock, returns)).subscribe(deliver)
 * ```
 */
export function schedule(rules: ScheduleRules, clock: Clock, desk: ReturnDesk): OperatorFunction<PoolEvent, PoolFact> {
  return (events$) =>
    new Observable((subscriber) => {
      const dispatcher = new Dispatcher(rules, clock, desk, (fact) => subscriber.next(fact))
      subscriber.add(() => dispatcher.close())
      return events$.subscribe({
        next: (event) => dispatcher.take(event),
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      })
    })
}
