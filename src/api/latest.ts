// The newest item now and then, for those who only look.
import { Observable } from 'rxjs'
import { time } from '../time/time.js'

/** Keeps the newest item of each turn of the event loop; the last one of all is always passed on. */
export function latest<I>(source: Observable<I>): Observable<I> {
  return new Observable((subscriber) => {
    let newest: { readonly item: I } | undefined
    let pending: NodeJS.Immediate | undefined
    const pass = () => {
      pending = undefined
      const waiting = newest
      newest = undefined
      if (waiting !== undefined) subscriber.next(waiting.item)
    }
    subscriber.add(() => time.clearImmediate(pending))
    subscriber.add(
      source.subscribe({
        next: (item) => {
          newest = { item }
          pending ??= time.setImmediate(pass)
        },
        error: (error: unknown) => {
          pass()
          subscriber.error(error)
        },
        complete: () => {
          pass()
          subscriber.complete()
        },
      }),
    )
  })
}
