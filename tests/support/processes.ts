// Processes as the system sees them. Linux only: everything is read from /proc.
import { readdirSync, readFileSync } from 'node:fs'
import { eventually } from './eventually.js'

/** True while the process runs; a dead one that nobody has collected does not. */
export function isAlive(pid: number): boolean {
  const state = readProc(pid, 'stat').replace(/^.*\) /s, '')[0]
  return state !== undefined && state !== 'Z' && state !== 'X'
}

/** Resolves when all are gone. */
export function allGone(pids: readonly number[], ms: number): Promise<void> {
  return eventually(() => !pids.some(isAlive), `the end of processes ${pids.join(', ')}`, ms)
}

/** The parent of a process. */
export function parentOf(pid: number): number {
  return Number(
    readProc(pid, 'stat')
      .replace(/^.*\) /s, '')
      .split(' ')[1],
  )
}

/** Every process below the given one that is alive. */
export function descendantsOf(root: number): number[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
  const parents = new Map(all.map((pid) => [pid, parentOf(pid)]))
  const isBelow = (pid: number | undefined): boolean => {
    for (let at = pid; at !== undefined && at > 0; at = parents.get(at)) if (parents.get(at) === root) return true
    return false
  }
  return all.filter((pid) => isBelow(pid) && isAlive(pid))
}

/** A file of /proc about a process; empty when it is gone. */
export function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
