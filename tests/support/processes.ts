// Processes as the system sees them. Linux only: whatever is asked of them is read from /proc.
import { readdirSync, readFileSync } from 'node:fs'
import { eventually } from './eventually.js'

/** True while the process runs; a dead one that nobody has collected does not. */
export function isAlive(pid: number): boolean {
  const state = stateOf(pid)
  return state !== undefined && state !== 'Z' && state !== 'X'
}

/** True while the process is suspended. */
export function isSuspended(pid: number): boolean {
  return stateOf(pid) === 'T'
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
  return allBelow(root).filter(isAlive)
}

/** Every process that this one has started, itself or through others, that is alive and was not there before. */
export function startedSince(before: readonly number[]): number[] {
  return descendantsOf(process.pid).filter((pid) => !before.includes(pid))
}

/** Processes below the given one that are dead and that nobody has collected. */
export function zombiesBelow(root: number): number[] {
  return allBelow(root).filter((pid) => stateOf(pid) === 'Z')
}

function allBelow(root: number): number[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
  const parents = new Map(all.map((pid) => [pid, parentOf(pid)]))
  const isBelow = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 0; at = parents.get(at)) {
      if (parents.get(at) === root) return true
    }
    return false
  }
  return all.filter(isBelow)
}

/** Kills a process; false when it has ended meanwhile. */
export function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

/** Bytes of a process that are in memory. */
export function residentOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readProc(pid, 'status'))?.[1]) * 1024
}

/** A file of /proc about a process; empty when it is gone. */
export function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

function stateOf(pid: number): string | undefined {
  return readProc(pid, 'stat').replace(/^.*\) /s, '')[0]
}
