// What the system says of a process that does not answer: that it runs, was suspended, or has ended.
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds between two looks at a process that is suspended. */
const lookEvery = 250

/**
 * Asks for a sign of life past the process's own program: true where the system lets it run, however busy it is; false
 * where it has ended, or the signal fired; pending for as long as it is suspended (SIGSTOP, a debugger).
 *
 * Linux tells. Elsewhere a process that has not ended counts as running.
 */
export async function answersSignals(pid: number, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const state = await stateOf(pid)
    if (state !== 'suspended') return state === 'running'
    await sleep(lookEvery, undefined, { ref: false, signal }).catch(() => undefined)
  }
  return false
}

async function stateOf(pid: number): Promise<'running' | 'suspended' | 'ended'> {
  if (process.platform !== 'linux') return isThere(pid) ? 'running' : 'ended'
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
    // The name before it is in brackets, and may hold any character.
    const letter = stat.charAt(stat.lastIndexOf(')') + 2)
    if (letter === 'T' || letter === 't') return 'suspended'
    return letter === 'Z' || letter === 'X' ? 'ended' : 'running'
  } catch {
    return isThere(pid) ? 'running' : 'ended'
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
