// How much memory another process holds, as the system accounts for it.
import { readFileSync } from 'node:fs'

/** Resident bytes of a process. Linux only: read from `/proc`. */
export function residentBytes(pid: number): number {
  const pages = readFileSync(`/proc/${pid}/statm`, 'ascii').split(' ')[1]
  return Number(pages) * 4096
}
