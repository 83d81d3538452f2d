// What a program may say about its Python, checked and completed.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { refuseUnknown, timeLimit, unexpected } from '../errors/invalid-option.js'
import { requirementLines } from './requirement-lines.js'

/** How Python is found, and what it must be able to import. */
export interface PythonOptions {
  /**
   * The interpreter: a path (relative to `cwd`) or a command on `PATH`. It is used or refused, never passed over.
   * Default: the first that fits of `SNAKEPIT_PYTHON`, the active environment, `.venv`, a managed environment, uv, `PATH`.
   */
  readonly python?: string | undefined
  /**
   * Packages that the tools need: requirements as pip knows them (`'numpy>=2'`), or the path of a requirements file.
   * @default []
   */
  readonly requirements?: readonly string[] | string | undefined
  /** Where relative paths and `.venv` are looked for. Default: the working directory. */
  readonly cwd?: string | undefined
  /** Ends the search, and a build that runs for nobody else; the promise rejects with its reason. */
  readonly signal?: AbortSignal | undefined
  /** Told what is being done while an environment is built, line by line. */
  readonly onProgress?: ((line: string) => void) | undefined
  /** Milliseconds that an interpreter may take to answer. From 1 up. @default 10_000 */
  readonly probeTimeout?: number | undefined
  /** Milliseconds that building an environment may take, waiting for another process included. @default 900_000 */
  readonly installTimeout?: number | undefined
  /** The variables that are looked at (`PATH`, `VIRTUAL_ENV`, `SNAKEPIT_CACHE`, …). Default: `process.env`. */
  readonly environment?: NodeJS.ProcessEnv | undefined
}

/** `PythonOptions`, complete. */
export interface PythonSettings {
  readonly python: string | undefined
  /** Requirements that can be looked up by name. */
  readonly requirements: readonly string[]
  /** Lines of a requirements file that are for pip alone: `--index-url …`. */
  readonly installerLines: readonly string[]
  readonly cwd: string
  readonly probeTimeout: number
  readonly installTimeout: number
  readonly environment: NodeJS.ProcessEnv
}

const known = [
  'python',
  'requirements',
  'cwd',
  'signal',
  'onProgress',
  'probeTimeout',
  'installTimeout',
  'environment',
] as const satisfies readonly (keyof PythonOptions)[]

/** Checks options and fills in what was left out. Throws `invalid_option`. */
export function resolvePythonOptions(options: PythonOptions = {}): PythonSettings {
  refuseUnknown(options, known, 'the Python search')
  const cwd = resolve(text('cwd', options.cwd) ?? process.cwd())
  return Object.freeze({
    python: text('python', options.python),
    ...resolveRequirements(options.requirements ?? [], cwd),
    cwd,
    probeTimeout: timeLimit('probeTimeout', options.probeTimeout ?? 10_000),
    installTimeout: timeLimit('installTimeout', options.installTimeout ?? 900_000),
    environment: options.environment ?? process.env,
  })
}

function resolveRequirements(given: unknown, cwd: string): Pick<PythonSettings, 'requirements' | 'installerLines'> {
  if (typeof given === 'string') return readRequirements(resolve(cwd, given))
  if (!Array.isArray(given)) throw unexpected('requirements', 'a list of requirements or the path of a file', given)
  for (const [index, line] of given.entries()) {
    const fits = typeof line === 'string' && /^[^-\s#][^\r\n\0]*$/.test(line)
    if (!fits) throw unexpected(`requirements[${index}]`, "one requirement such as 'numpy>=2'", line)
  }
  return { requirements: Object.freeze(given.map((line: string) => line.trim())), installerLines: [] }
}

function readRequirements(path: string): Pick<PythonSettings, 'requirements' | 'installerLines'> {
  let lines: string[]
  try {
    lines = requirementLines(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw unexpected('requirements', 'the path of a requirements file that can be read', path, cause)
  }
  const include = lines.find((line) => /^(-r|-c|--requirement|--constraint)\b/.test(line))
  if (include) throw unexpected('requirements', 'a file without includes, all requirements in it', include)
  return {
    requirements: Object.freeze(lines.filter((line) => !line.startsWith('-'))),
    installerLines: Object.freeze(lines.filter((line) => line.startsWith('-'))),
  }
}

function text(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value === '' || value.includes('\0')) {
    throw unexpected(name, 'a text that is not empty', value)
  }
  return value
}
