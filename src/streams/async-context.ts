// Whose AsyncLocalStorage code runs in: that of the caller who asked for it, or nobody's.
import { AsyncResource } from 'node:async_hooks'
import { type MonoTypeOperatorFunction, Observable } from 'rxjs'

/** The context of whoever runs now; what is run in it later finds the same AsyncLocalStorage. */
export function callersContext(): AsyncResource {
  return new AsyncResource('snakepit')
}

/** What Node 20 and 22 call the places where a resource keeps the storage, and what later ones do. */
const storagePlaces: ReadonlySet<string | undefined> = new Set(['kResourceStore', 'context_frame'])

/** The context of what serves all callers: no caller's storage is seen in it, or kept alive by it. */
const nobody = emptied(callersContext())

/** Runs what outlives the call that happens to begin it: wires, processes, their timers. */
export function inNobodysContext<T>(work: () => T): T {
  return nobody.runInAsyncScope(work)
}

/** The source begins in nobody's context, whoever subscribes. */
export function subscribedByNobody<T>(): MonoTypeOperatorFunction<T> {
  return (source) => new Observable((subscriber) => inNobodysContext(() => source.subscribe(subscriber)))
}

/** Subscribers are told in the context in which they subscribed, whoever sets the values off. */
export function inSubscribersContext<T>(): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable((subscriber) => {
      const context = callersContext()
      return source.subscribe({
        next: (value) => context.runInAsyncScope(subscriber.next, subscriber, value),
        error: (error: unknown) => context.runInAsyncScope(subscriber.error, subscriber, error),
        complete: () => context.runInAsyncScope(subscriber.complete, subscriber),
      })
    })
}

/** A program may import the library in the middle of a request, whose storage the module would keep. */
function emptied(resource: AsyncResource): AsyncResource {
  for (const key of Object.getOwnPropertySymbols(resource)) {
    if (storagePlaces.has(key.description)) Reflect.set(resource, key, undefined)
  }
  return resource
}
