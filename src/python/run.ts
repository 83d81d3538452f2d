// One short command, run to its end: bounded in time and in what is kept of its output.
import { type ChildProcess, spawn } from 'node:child_process'
import { StringDecoder } from 'node:string_decoder'
import { afterLimit } from '../time/limit.js'
import { time } from '../time/time.js'
import { killTree } from './kill-tree.js'

/** What bounds a command, and what it sees. */
export interface RunOptions {
  /** Milliseconds after which it is killed, with everything that it has started. */
  readonly timeout: number
  /** Exactly the variables that the command sees. */
  readonly env: NodeJS.ProcessEnv
  /** Where it runs. */
  readonly cwd: string
  /** Kills the command and everything that it has started, and rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Told every line of both outputs as it comes. */
  readonly onLine?: ((line: string) => void) | undefined
}

/** How a command ended. */
export type RunEnd =
  | { readonly kind: 'exited'; readonly status: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'killed'; readonly signal: NodeJS.Signals; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'timeout'; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'unstartable'; readonly code: string }

/** Characters kept of each output; the last ones, because that is where tools say what went wrong. */
const kept = 256 * 1024
/** A grandchild may hold the pipes open after the command is gone; this long is waited for what it still says. */
const drainTime = 250

/** Runs a command to its end. Rejects only when `signal` aborts; every other end is a value. */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<RunEnd> {
  const { timeout, env, cwd, signal, onLine } = options
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    let child: ChildProcess
    try {
      child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true })
    } catch (error) {
      return resolve({ kind: 'unstartable', code: codeOf(error) })
    }
    const stdout = collect(child.stdout, onLine)
    const stderr = collect(child.stderr, onLine)
    let timedOut = false
    const kill = () => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killTree(child.pid)
    }
    let drain: NodeJS.Timeout | undefined

    const clock = afterLimit(timeout, () => {
      timedOut = true
      kill()
    })
    const abort = () => {
      kill()
      leave()
      reject(signal?.reason)
    }
    const leave = () => {
      time.clearTimeout(clock)
      time.clearTimeout(drain)
      signal?.removeEventListener('abort', abort)
      child.stdout?.destroy()
      child.stderr?.destroy()
    }
    const end = () => {
      leave()
      const said = { stdout: stdout(), stderr: stderr() }
      if (timedOut) resolve({ kind: 'timeout', ...said })
      else if (child.signalCode) resolve({ kind: 'killed', signal: child.signalCode, ...said })
      else resolve({ kind: 'exited', status: child.exitCode ?? -1, ...said })
    }

    signal?.addEventListener('abort', abort, { once: true })
    child.once('error', (error) => {
      leave()
      resolve({ kind: 'unstartable', code: codeOf(error) })
    })
    child.once('exit', () => {
      drain = time.setTimeout(end, drainTime)
    })
    child.once('close', end)
  })
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'UNKNOWN'
}

/** Reads a stream to its end; the function that comes back tells what was kept. */
function collect(stream: ChildProcess['stdout'], onLine: RunOptions['onLine']): () => string {
  const decoder = new StringDecoder('utf8')
  let text = ''
  let line = ''
  stream?.on('data', (bytes: Buffer) => {
    const piece = decoder.write(bytes)
    text = (text + piece).slice(-kept)
    if (!onLine) return
    const lines = (line + piece).split(/\r?\n|\r/)
    line = (lines.pop() ?? '').slice(-kept)
    for (const complete of lines) if (complete.trim() !== '') onLine(complete.trimEnd())
  })
  stream?.on('end', () => {
    if (line.trim() !== '') onLine?.(line.trimEnd())
  })
  return () => text
}
