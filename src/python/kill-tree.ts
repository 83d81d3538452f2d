// The end of a command and of what it has started: an installer works through others.
import { readdirSync, readFileSync } from 'node:fs'

/**
 * Kills a process and everything below it. What is below it is known on Linux only; elsewhere the process alone is killed.
 * It is no process group of its own: Ctrl-C in a terminal has to reach it too.
 */
export function killTree(pid: number): void {
  // From the top down: who is gone starts nobody any more.
  for (const each of [pid, ...below(pid)]) {
    try {
      process.kill(each, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
}

function below(pid: number): number[] {
  const children = threadsOf(pid).flatMap((thread) => numbersIn(`/proc/${pid}/task/${thread}/children`))
  return children.flatMap((child) => [child, ...below(child)])
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

function numbersIn(file: string): number[] {
  try {
    return readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}
