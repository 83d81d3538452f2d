// Who a process is, beyond its number: numbers are used again.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** A process as others can recognise it. */
export interface ProcessIdentity {
  readonly pid: number
  /** When the kernel started it, in ticks since boot; `'0'` where the platform does not tell. */
  readonly started: string
  /** The machine it runs on, as a short hash of its name. */
  readonly host: string
}

/** This process. */
export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, started: startOf(process.pid), host: thisHost() }
}

/** True when that very process is gone for certain; a process of another machine never is. */
export function isGone(identity: ProcessIdentity): boolean {
  if (identity.host !== thisHost()) return false
  try {
    process.kill(identity.pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
  return startOf(identity.pid) !== identity.started
}

function startOf(pid: number): string {
  if (process.platform !== 'linux') return '0'
  try {
    // The second field is the program's name in brackets and may itself hold spaces and brackets.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return fields[19] ?? '0'
  } catch {
    return '0'
  }
}

function thisHost(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
}
