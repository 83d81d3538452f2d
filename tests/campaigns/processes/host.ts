// Programs of their own that use the library: started, read line by line, killed, and waited for.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { eventually } from '../../support/eventually.js'
import { within } from '../../support/within.js'

/** A host that runs. */
export interface Host {
  readonly pid: number
  readonly lines: readonly string[]
  /** Resolves with its end; rejects when that does not come in time. */
  ended(ms: number): Promise<HostEnd>
  /** Resolves when it has printed so many lines; rejects at its end, or in half a minute. */
  says(lines: number): Promise<void>
  /** Sends a signal to the host alone, or to the whole process group that it leads. */
  signal(signal: NodeJS.Signals, group?: boolean): void
}

/** How a host ended. */
export interface HostEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** What a host is started with. */
export interface HostPlan {
  /** Path of the program. */
  readonly program: string
  readonly words: readonly (string | number)[]
  readonly env?: Readonly<Record<string, string>>
  /** Where it runs. */
  readonly cwd?: string
  /** What runs it: words of a command that come before it. */
  readonly under?: readonly string[]
  /** Whether it leads a process group of its own, as a terminal makes one. */
  readonly leads?: boolean
}

const loader = import.meta.resolve('tsx')

/** The path of a program in the folder `hosts`. */
export function programOf(name: string): string {
  return fileURLToPath(new URL(`hosts/${name}`, import.meta.url))
}

/** The path of an adapter in the folder `adapters`. */
export function adapterAt(name: string): string {
  return fileURLToPath(new URL(`adapters/${name}`, import.meta.url))
}

/** Starts a host. It writes no core file, however it is killed. */
export function startHost({
  program,
  words,
  env = {},
  cwd = process.cwd(),
  under = [],
  leads = false,
}: HostPlan): Host {
  const command = [...under, process.execPath, '--import', loader, program, ...words.map(String)]
  const child = spawn('sh', ['-c', 'ulimit -c 0; exec "$@"', 'sh', ...command], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: leads,
  })
  const lines: string[] = []
  createInterface(child.stdout).on('line', (line) => lines.push(line))
  let end: HostEnd | undefined
  const closed = new Promise<HostEnd>((resolve) => {
    // Not `close`: what a host leaves behind may hold its output.
    child.once('exit', (code, signal) => {
      end = { code, signal }
      resolve(end)
    })
  })
  return {
    pid: child.pid as number,
    lines,
    ended: (ms) => within(closed, 'the end of the host', ms),
    async says(count) {
      await eventually(() => lines.length >= count || end !== undefined, `line ${count} of the host`, 30_000)
      if (lines.length < count) throw new Error(`the host ended with ${JSON.stringify(end)}: ${lines.join('; ')}`)
    },
    signal: (signal, group = false) => {
      if (group) process.kill(-(child.pid as number), signal)
      else child.kill(signal)
    },
  }
}
