// One interpreter is asked, once, what it is and what it has.
import { shorten } from '../errors/expectation.js'
import { fileState, pythonInside } from './command-path.js'
import { probeEnvironment } from './environment-variables.js'
import { probeMark, probeScript } from './probe-script.js'
import type { PythonSettings } from './python-options.js'
import { type RunEnd, run } from './run.js'

/** The oldest Python that the bridge runs on. */
export const oldestPython = [3, 10] as const

/** One requirement as an interpreter answers it. */
export interface PackageState {
  readonly requirement: string
  /** Absent for what cannot be looked up by name, such as an address. */
  readonly name: string | null
  /** The version that is there, if any. */
  readonly version: string | null
  /** `null`: the interpreter cannot tell. */
  readonly fits: boolean | null
}

/** What an interpreter says of itself. */
export interface Interpreter {
  /** `sys.executable`: past shims and links on the `PATH`. */
  readonly executable: string
  readonly version: string
  readonly implementation: string
  /** Names the binary interface, and with it which wheels fit: `cpython-311-x86_64-linux-gnu`. */
  readonly abi: string
  readonly platform: string
  readonly prefix: string
  readonly basePrefix: string
  readonly packages: readonly PackageState[]
}

/** An interpreter that will do, or the reason why this is none. */
export type ProbeResult =
  | { readonly kind: 'python'; readonly interpreter: Interpreter }
  | { readonly kind: 'rejected'; readonly reason: string }

/** Asks the interpreter at `path`. Rejects only when `signal` aborts. */
export async function probe(
  path: string,
  requirements: readonly string[],
  settings: PythonSettings,
  signal?: AbortSignal,
): Promise<ProbeResult> {
  const state = fileState(path)
  if (state === 'missing') return rejected('not found')
  if (state === 'forbidden') return rejected('it, or what it is a link to, is in a folder that this user may not enter')
  if (state === 'not_executable') return rejected('not executable')
  if (state === 'directory') return rejected(directoryReason(path))
  const end = await run(path, ['-E', '-c', probeScript, JSON.stringify(requirements)], {
    timeout: settings.probeTimeout,
    env: probeEnvironment(settings.environment),
    cwd: settings.cwd,
    signal,
  })
  return readAnswer(end, settings.probeTimeout)
}

/** The requirements that an interpreter does not meet for certain. */
export function unmet(interpreter: Interpreter): PackageState[] {
  return interpreter.packages.filter((state) => state.fits !== true)
}

function readAnswer(end: RunEnd, timeout: number): ProbeResult {
  switch (end.kind) {
    case 'unstartable':
      return rejected(`cannot be run (${end.code})`)
    case 'timeout':
      return rejected(`did not answer in ${timeout / 1000} s`)
    case 'killed':
      return rejected(`was ended by ${end.signal}`)
    case 'exited': {
      const line = end.stdout.split(/\r?\n/).findLast((text) => text.startsWith(probeMark))
      const answer = line && parseAnswer(line.slice(probeMark.length))
      if (answer) return judgeAge(answer)
      const said = tellingLine(end.stderr) ?? tellingLine(end.stdout)
      const reason = end.status === 0 ? 'not Python' : `left with status ${end.status}`
      return rejected(said ? `${reason}: it said "${shorten(said)}"` : `${reason}: it said nothing`)
    }
  }
}

type Answer = Omit<Interpreter, 'version'> & { readonly version: readonly number[] }

function parseAnswer(text: string): Answer | undefined {
  try {
    const answer = JSON.parse(text)
    const whole = typeof answer.executable === 'string' && Array.isArray(answer.version) && answer.version.length === 3
    return whole ? answer : undefined
  } catch {
    return undefined
  }
}

function judgeAge(answer: Answer): ProbeResult {
  const [major = 0, minor = 0] = answer.version
  const version = answer.version.join('.')
  const [oldestMajor, oldestMinor] = oldestPython
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    return rejected(`too old: Python ${version}, needs ${oldestPython.join('.')} or newer`)
  }
  return { kind: 'python', interpreter: { ...answer, version } }
}

function directoryReason(path: string): string {
  const inside = pythonInside(path)
  return fileState(inside) === 'runnable' ? `is a directory; its interpreter is ${inside}` : 'is a directory'
}

function rejected(reason: string): ProbeResult {
  return { kind: 'rejected', reason }
}

/** The line to quote: tracebacks say it last, everything else says it first. */
function tellingLine(text: string): string | undefined {
  const lines = text.trim().split(/\r?\n/)
  return lines.at(text.includes('Traceback (') ? -1 : 0) || undefined
}
