// Opens Snakepits for tests: one worker, adapters by file name, closed in the end whatever happens.
import { fileURLToPath } from 'node:url'
import { firstValueFrom } from 'rxjs'
import { filter, timeout } from 'rxjs/operators'
import { Snakepit, type SnakepitOptions, type WorkerLog } from '../../src/index.js'

/** Milliseconds that a test waits for what has to come, on a machine that has other things to do. */
export const patience = 10_000

/** The path of an adapter beside a test file. */
export function adapterOf(testFile: string, name: string): string {
  return fileURLToPath(new URL(`adapters/${name}`, testFile))
}

/** A Snakepit of one worker, whose output is printed only where a test says so. */
export function openOne(adapter: string, options: Partial<SnakepitOptions> = {}): Promise<Snakepit> {
  return Snakepit.open({ adapter, size: 1, drain: 0, ...options, logs: { print: false, ...options.logs } })
}

/** The pid of the only worker. */
export function pidOf(pit: Snakepit): number {
  const pid = pit.workers()[0]?.info()?.pid
  if (pid === undefined) throw new Error('there is no worker')
  return pid
}

/** The path of the socket that the only worker listens at. */
export function socketOf(pit: Snakepit): string {
  const address = pit.workers()[0]?.info()?.transport.address
  if (!address?.startsWith('unix://')) throw new Error(`there is no socket, but ${address}`)
  return address.slice('unix://'.length)
}

/** The next line that a worker prints and that fits; to be called before it can be printed. */
export function nextLog(pit: Snakepit, fits: string | ((log: WorkerLog) => boolean)): Promise<WorkerLog> {
  const test = typeof fits === 'string' ? (log: WorkerLog) => log.message === fits : fits
  return firstValueFrom(pit.logs$.pipe(filter(test), timeout(patience)))
}
