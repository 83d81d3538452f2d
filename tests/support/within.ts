// Waiting for an event with a bound: what does not come is named, and no timer is left behind.

/** The promise's value; rejects naming `what` when it does not come in time. */
export async function within<T>(promise: PromiseLike<T>, what: string, ms = 10_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not happen within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Resolves when the condition holds; it is looked at once per turn of the event loop. */
export async function until(condition: () => boolean, what: string, ms = 10_000): Promise<void> {
  const end = performance.now() + ms
  while (!condition()) {
    if (performance.now() > end) throw new Error(`${what} did not happen within ${ms} ms`)
    await turn()
  }
}

/** One turn of the event loop: what was ready has run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Enough turns for everything that is ready, and for what that makes ready. */
export async function quiet(turns = 20): Promise<void> {
  for (let left = turns; left > 0; left--) await turn()
}
