// How much memory a worker's process holds, where the system tells.
import { readFileSync } from 'node:fs'
import type { WorkerHandle } from '../worker/worker-event.js'

/** Bytes of memory that are resident for a worker's Python process, without its children; undefined except on Linux. */
export function residentMemory({ info }: WorkerHandle): number | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    return residentBytes(readFileSync(`/proc/${info.pid}/status`, 'latin1'))
  } catch {
    // It has just ended, or there is no /proc.
    return undefined
  }
}

/** Reads `VmRSS` of a `/proc/<pid>/status`: in kilobytes whatever the size of a page, unlike `statm`. */
export function residentBytes(status: string): number | undefined {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
}
