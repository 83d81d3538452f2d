// A child that does nothing: what the system takes to tell of its death, it takes to tell of any.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** A child process to compare with. */
export interface BareChild {
  /** Kills it. Resolves with the milliseconds until that was told. */
  die(): Promise<number>
}

/** Starts one. It ends with this program at the latest. */
export async function bareChild(): Promise<BareChild> {
  const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] })
  await once(child, 'spawn')
  return {
    async die() {
      const began = performance.now()
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
      return performance.now() - began
    },
  }
}
