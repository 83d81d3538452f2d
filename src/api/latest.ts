// The newest chunk now and then, for those who only look.
import { Observable } from 'rxjs'
import type { Chunk } from '../peer/chunk.js'
import { time } from '../time/time.js'

/** Keeps the newest chunk of each turn of the event loop; the final one is always passed on. */
export function latest<T, R>(source: Observable<Chunk<T, R>>): Observable<Chunk<T, R>> {
  return new Observable((subscriber) => {
    let newest: Chunk<T, R> | undefined
    let pending: NodeJS.Immediate | undefined
    const pass = () => {
      pending = undefined
      const chunk = newest
      newest = undefined
      if (chunk !== undefined) subscriber.next(chunk)
    }
    subscriber.add(() => time.clearImmediate(pending))
    subscriber.add(
      source.subscribe({
        next: (chunk) => {
          newest = chunk
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
