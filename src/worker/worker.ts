// A worker as an Observable: subscribing starts a Python process, unsubscribing stops it.
import { NEVER, Observable } from 'rxjs'
import type { WorkerEvent } from './worker-event.js'
import { WorkerLife } from './worker-life.js'
import type { WorkerSettings } from './worker-settings.js'

/**
 * One Python process from its spawn to its end. Cold: each subscription is a process of its own. `ready` brings the
 * handle to call it by; `exited` or `start-failed` is the last event, then it completes. It never errors.
 *
 * Unsubscribing walks the stop ladder behind the scenes: message, end of input, SIGTERM, SIGKILL.
 *
 * @param stop$ ends the worker in the same way when it emits, but in sight: `stopping` for each rung, `exited`, complete
 * @example
 * ```ts
 * worker$(settings).subscribe((event) => {
 *   if (event.type === 'ready') console.log('up in', event.handle.info.startedInMs, 'ms')
 * })
 * ```
 */
export function worker$(settings: WorkerSettings, stop$: Observable<unknown> = NEVER): Observable<WorkerEvent> {
  return new Observable((subscriber) => {
    const life = new WorkerLife(settings, (event) => subscriber.next(event))
    const stopping = stop$.subscribe(() => life.stop())
    void life.run().then(() => {
      stopping.unsubscribe()
      subscriber.complete()
    })
    return () => {
      stopping.unsubscribe()
      life.stop()
    }
  })
}
