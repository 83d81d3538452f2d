// Waiting with a bound: for promises, for conditions, for what must fail.
import { setTimeout as pause } from 'node:timers/promises'

/** The promise's result, or an error that says what did not come in time. */
export async function within<T>(ms: number, promise: PromiseLike<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what}`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Looks at the world outside of this process, again and again, until it is as it should be. */
export async function eventually(ms: number, holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + ms
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited ${ms} ms for ${what}`)
    await pause(5)
  }
}

/** What a promise rejects with. Fails when it resolves. */
export async function rejection(promise: PromiseLike<unknown>): Promise<unknown> {
  let value: unknown
  try {
    value = await promise
  } catch (error) {
    return error
  }
  throw new Error(`expected a rejection, it resolved with ${String(value)}`)
}

/** What a function throws. Fails when it returns. */
export function thrown(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  throw new Error('expected it to throw')
}

/** A promise with its handles. */
export function signalled<T = void>() {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
