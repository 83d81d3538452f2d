// Processes by number and birth: a number that somebody else has got since is not taken for the one that had it.
import { isAlive, readProc } from '../../support/processes.js'

/** One process, whoever has its number later. */
export interface Kin {
  readonly pid: number
  /** Clock ticks after the start of the system. */
  readonly born: string
}

/** The process with this number; undefined when there is none that lives. */
export function kinOf(pid: number): Kin | undefined {
  const born = bornAt(pid)
  return isAlive(pid) && born !== undefined ? { pid, born } : undefined
}

/** True while this very process runs. */
export function lives({ pid, born }: Kin): boolean {
  return isAlive(pid) && bornAt(pid) === born
}

/** The name and state of a process, for whoever reads of it. */
export function described({ pid }: Kin): string {
  return `${pid} ${readProc(pid, 'stat')
    .replace(/^.*?\(/s, '(')
    .split(' ')
    .slice(0, 2)
    .join(' ')}`
}

function bornAt(pid: number): string | undefined {
  return readProc(pid, 'stat')
    .replace(/^.*\) /s, '')
    .split(' ')[19]
}
