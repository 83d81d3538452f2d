// Asynchronous work on each chunk, with Python waiting for it.
import { Observable } from 'rxjs'
import { refuseUnknown, wholeNumber } from '../errors/invalid-option.js'

/** How much is under way at once. */
export interface PaceOptions {
  /** Projects that run at once. From 1 up; 1 keeps the order. @default 1 */
  readonly concurrency?: number
}

/** Takes the next value only when a project has ended. Results come in the order in which the projects end. */
export function mapPaced<T, U>(
  source: AsyncIterable<T>,
  project: (value: T) => PromiseLike<U> | U,
  options: PaceOptions = {},
): Observable<U> {
  refuseUnknown(options, ['concurrency'], 'mapPaced')
  const concurrency = wholeNumber('concurrency', options.concurrency ?? 1, 1)
  return new Observable((subscriber) => {
    const iterator = source[Symbol.asyncIterator]()
    const worker = async () => {
      for (;;) {
        const step = await iterator.next()
        if (step.done === true || subscriber.closed) return
        const result = await project(step.value)
        subscriber.next(result)
      }
    }
    Promise.all(Array.from({ length: concurrency }, worker)).then(
      () => subscriber.complete(),
      (error: unknown) => subscriber.error(error),
    )
    return () => void iterator.return?.()
  })
}
