// Which calls are made by the hook that builds a session's state again: those must not wait for it to end.
import { AsyncLocalStorage } from 'node:async_hooks'

/** One run of a hook. */
export type HookRun = object

const current = new AsyncLocalStorage<HookRun>()
let running = 0

/** Runs a hook: calls that it causes, however far down, find `run` as {@link currentHookRun}. */
export async function insideHook<T>(run: HookRun, hook: () => T | PromiseLike<T>): Promise<T> {
  running++
  try {
    return await current.run(run, hook)
  } finally {
    // Following a cause through promises slows all of them down: only while some hook runs.
    if (--running === 0) current.disable()
  }
}

/** The run of a hook that this code was caused by. */
export function currentHookRun(): HookRun | undefined {
  return running === 0 ? undefined : current.getStore()
}
