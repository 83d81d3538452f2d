// What the campaigns of this folder have in common: pools that never give up, calls so many at a time, clocks and memory.
import { readdirSync } from 'node:fs'
import { Snakepit, type SnakepitOptions } from '../../../src/index.js'
import { adapterOf } from '../../support/pit.js'
import { percentile } from '../campaign.js'

/** Milliseconds after which something that has to end is said not to have ended. */
export const patience = 120_000

/** A pool of an adapter beside this file, ready, that restarts its workers for ever and refuses no tool. */
export async function openPool(adapter: string, options: Partial<SnakepitOptions> = {}): Promise<Snakepit> {
  const pit = await Snakepit.open({ ...undeterred, adapter: adapterOf(import.meta.url, adapter), ...options })
  await pit.ready()
  return pit
}

const undeterred = {
  restart: { maxCrashes: 1e9, maxStartFailures: 1e9, backoff: 0, jitter: 0 },
  barrier: false,
  drain: 0,
  startBatch: 8,
  maxQueue: 1_000_000,
  queueTimeout: patience,
  timeout: patience,
  streamTimeout: patience,
} as const

/** Runs `work` for each number from 0 up to `count`, so many at a time; ends early when `enough` says so. */
export async function inLanes(
  count: number,
  lanes: number,
  work: (index: number, lane: number) => Promise<unknown>,
  enough: () => boolean = () => false,
): Promise<void> {
  let next = 0
  const run = async (lane: number) => {
    while (next < count && !enough()) await work(next++, lane)
  }
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, (_, lane) => run(lane)))
}

/** Milliseconds of the system's monotonic clock: the one that Python reads as `time.monotonic()`. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** Open file descriptors of a process. */
export function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** Threads of a process. */
export function threadsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).length
}

/** `p50 0.1, p99 2.3, max 4.5 ms` */
export function spread(ms: readonly number[]): string {
  const [p50, p99, most] = [percentile(ms, 0.5), percentile(ms, 0.99), percentile(ms, 1)]
  return `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, max ${most.toFixed(1)} ms`
}

/** Bytes in words. */
export function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}

/** A count in words. */
export function whole(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** Adds to a count by name. */
export function tally(counts: Record<string, number>, name: string, by = 1): void {
  counts[name] = (counts[name] ?? 0) + by
}

/** Counts in words: `12 timeout, 3 value`. */
export function counted(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${whole(count)} ${name}`)
    .join(', ')
}
