// The only file that starts processes: a Python worker with its pipes.
import type { ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { execa } from 'execa'
import type { WorkerSettings } from './worker-settings.js'

/** A worker's process as the host holds it. */
export interface WorkerProcess {
  /** Carries the bootstrap line, then stays open: its end tells the worker that the host is gone. */
  readonly input: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** The private pipe that the worker answers on. */
  readonly answer: Readable
  /** Resolves when the process has ended, or could not be started. Never rejects. */
  readonly exited: Promise<ProcessEnd>
  /** Sends a signal through the live handle; false when the process has ended. */
  signal(signal: NodeJS.Signals): boolean
}

/** How a process ended; `failure` when it never began. */
export type ProcessEnd =
  | { readonly started: true; readonly code: number | undefined; readonly signal: NodeJS.Signals | undefined }
  | { readonly started: false; readonly failure: NodeJS.ErrnoException }

/** Starts a worker's process. Nothing is thrown: a process that cannot be started ends at once. */
export function spawnWorker({ python, pythonVersion, env, cwd }: WorkerSettings): WorkerProcess {
  const subprocess = execa(python, [...flags(pythonVersion), '-m', 'snakepit_bridge'], {
    cwd,
    env,
    extendEnv: false,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    // Output is drained and kept in part by the reader of lines; a worker may print as much as it likes.
    buffer: false,
    reject: false,
    stripFinalNewline: false,
    // The end of the input pipe does this, for every way in which a host can end.
    cleanup: false,
    windowsHide: true,
  })
  // With `reject: false` this says nothing that `exit` does not, but it must be awaited by somebody.
  void subprocess.then(undefined, () => undefined)
  // A worker that dies closes these under our hands; its end is reported by the process alone.
  for (const stream of subprocess.stdio) stream?.on('error', () => undefined)
  const [input, stdout, stderr, answer] = subprocess.stdio as unknown as [Writable, Readable, Readable, Readable]
  return {
    input,
    stdout,
    stderr,
    answer,
    exited: endOf(subprocess),
    signal: (signal) => subprocess.kill(signal),
  }
}

/** Unbuffered, nothing importable from the working directory, tracebacks of crashes on stderr. */
function flags(version: string): string[] {
  const [major = 3, minor = 0] = version.split('.').map(Number)
  const safePath = major > 3 || minor >= 11 ? ['-P'] : []
  return ['-u', ...safePath, '-X', 'faulthandler']
}

// `close` waits for grandchildren that hold the output pipes: the death of the process is its `exit`.
function endOf(subprocess: ChildProcess): Promise<ProcessEnd> {
  return new Promise((resolve) => {
    subprocess.once('exit', (code, signal) => {
      resolve({ started: true, code: code ?? undefined, signal: signal ?? undefined })
    })
    subprocess.once('error', (failure: NodeJS.ErrnoException) => {
      if (subprocess.pid === undefined) resolve({ started: false, failure })
    })
  })
}
