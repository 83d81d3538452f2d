// The only file that starts processes: a Python worker with its pipes.
import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import type { Duplex, Readable, Writable } from 'node:stream'
import { execa } from 'execa'
import type { BlackBox } from './black-box.js'
import type { WorkerSettings } from './worker-settings.js'

/** A worker's process as the host holds it. */
export interface WorkerProcess {
  /** Carries the bootstrap line, then stays open: its end tells the worker that the host is gone. */
  readonly input: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** The private pipe that the worker answers on. */
  readonly answer: Readable
  /** The socket pair's end of this side, where frames travel by one. */
  readonly wire: Duplex | undefined
  /** Resolves when the process has ended, or could not be started. Never rejects. */
  readonly exited: Promise<ProcessEnd>
  /** Resolves when everything that was written has been read; never, while a grandchild holds the pipes. */
  readonly drained: Promise<void>
  /** Sends a signal through the live handle; false when the process has ended. */
  signal(signal: NodeJS.Signals): boolean
  /** A running process alone does not keep the program alive. */
  unref(): void
  /** Lets go of the pipes, whoever holds their other ends. */
  release(): void
}

/** How a process ended; `failure` when it never began. */
export type ProcessEnd =
  | { readonly started: true; readonly code: number | undefined; readonly signal: NodeJS.Signals | undefined }
  | { readonly started: false; readonly failure: NodeJS.ErrnoException }

/**
 * Starts a worker's process. Nothing is thrown: a process that cannot be started ends at once.
 *
 * @param socket where it will listen: named, so that its guardian removes it when nobody else is left to do so
 * @param box what it writes its last words into
 */
export function spawnWorker(
  settings: WorkerSettings,
  socket: string | undefined,
  box: BlackBox | undefined,
): WorkerProcess {
  const { python, pythonVersion, cwd } = settings
  const env = settings.environment.variables
  const speaks = settings.transport.kind === 'pipe'
  const place = socket === undefined ? [] : ['--socket', socket]
  const subprocess = execa(python, [...flags(pythonVersion, env), '-m', 'snakepit_bridge', ...place], {
    cwd,
    env,
    extendEnv: false,
    // A number does as well as a word, also here; execa's types say so of the first three only.
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', (box?.fd ?? 'ignore') as 'ignore', speaks ? 'pipe' : 'ignore'],
    // Output is drained and kept in part by the reader of lines; a worker may print as much as it likes.
    buffer: false,
    reject: false,
    stripFinalNewline: false,
    // The end of the input pipe does this, for every way in which a host can end.
    cleanup: false,
    // A session of its own from the first moment: what a terminal, a shell or a supervisor sends to the host's group is
    // the host's to answer, and must not end the guardian, which is to clear up after all the others.
    detached: true,
    windowsHide: true,
  })
  const [input, stdout, stderr, answer, , wire] = subprocess.stdio as unknown as Pipes
  // A worker that dies closes these under our hands; its end is reported by the process alone.
  for (const stream of [input, stdout, stderr, answer, wire]) stream?.on('error', () => undefined)
  // Nobody reads it yet; what execa finds unread it lets run into nowhere.
  wire?.pause()
  return {
    input,
    stdout,
    stderr,
    answer,
    wire: wire ?? undefined,
    exited: endOf(subprocess, subprocess),
    drained: Promise.all([closed(stdout), closed(stderr)]).then(() => undefined),
    signal: (signal) => subprocess.kill(signal),
    unref: () => {
      subprocess.unref()
      // Bun's pipes of a child have no `unref`, and keep nothing alive.
      for (const stream of [input, stdout, stderr, answer]) (stream as Partial<Socket>).unref?.()
    },
    release: () => {
      for (const stream of [input, stdout, stderr, answer, wire]) stream?.destroy()
    },
  }
}

/** The descriptors of a worker; one that is ignored is null. */
type Pipes = readonly [Writable, Readable, Readable, Readable, null, Duplex | null | undefined]

/**
 * Unbuffered, text is UTF-8 unless the user says otherwise, nothing importable from the working directory, tracebacks of
 * crashes on stderr. Flags, not variables: what the worker starts does not inherit them.
 */
function flags(version: string, variables: Readonly<Record<string, string>>): string[] {
  const [major = 3, minor = 0] = version.split('.').map(Number)
  const safePath = major > 3 || minor >= 11 ? ['-P'] : []
  const utf8 = variables.PYTHONUTF8 === undefined ? ['-X', 'utf8'] : []
  return ['-u', ...safePath, ...utf8, '-X', 'faulthandler']
}

// `close` waits for grandchildren that hold the output pipes: the death of the process is its `exit`.
function endOf(subprocess: ChildProcess, result: PromiseLike<{ readonly cause?: unknown }>): Promise<ProcessEnd> {
  return new Promise((resolve) => {
    subprocess.once('exit', (code, signal) => {
      resolve({ started: true, code: code ?? undefined, signal: signal ?? undefined })
    })
    // What never began has no exit; some reasons (an environment too large) do not even reach the `error` event.
    void result.then(({ cause }) => {
      if (subprocess.pid === undefined) resolve({ started: false, failure: cause as NodeJS.ErrnoException })
    })
  })
}

function closed(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    stream.once('close', resolve)
  })
}
