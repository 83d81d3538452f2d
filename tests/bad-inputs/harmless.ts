// What holds after every bad input: the worker is the one it was, and nobody is left in the end.
import * as assert from 'uvu/assert'
import type { Snakepit } from '../../src/index.js'
import { eventually } from '../support/eventually.js'
import { allGone, descendantsOf, readProc, startedSince } from '../support/processes.js'
import { within } from '../support/within.js'

const loader = descendantsOf(process.pid)

/** Does something bad, and checks that the pool's worker is there as before: the tool `whoami` tells which it is. */
export async function sparesTheWorker<T>(pit: Snakepit, act: () => Promise<T>): Promise<T> {
  const before = await pit.execute<number>('whoami')
  const result = await act()
  assert.is(await within(pit.execute<number>('whoami'), 'another call'), before, 'the worker was lost')
  return result
}

/** Processes that this one has started and that are still there, the loader of the tests left out, however late it came. */
export function strangers(): number[] {
  return startedSince(loader).filter((pid) => !readProc(pid, 'cmdline').includes('esbuild'))
}

/** Resolves when every process that this one has started is gone. */
export function nobodyLeft(ms = 2000): Promise<void> {
  return eventually(() => strangers().length === 0, 'the end of every process', ms)
}

/** Counts what a stream of so many numbers brings in its place. */
export async function countTo(pit: Snakepit, n: number): Promise<number> {
  let count = 0
  for await (const value of pit.stream('numbers', { n }).values()) if (value === count) count++
  return count
}

/** Closes in less than the rungs of stopping take together, and checks that the worker is gone. */
export async function closes(pit: Snakepit): Promise<void> {
  const pid = await pit.execute<number>('whoami')
  await within(pit.close(), 'close', 6000)
  await allGone([pid], 1000)
}
