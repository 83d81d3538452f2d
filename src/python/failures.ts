// What is said when no Python will do, and what the reader can do about it.
import { shorten } from '../errors/expectation.js'
import { SnakepitError } from '../errors/snakepit-error.js'
import { type Interpreter, oldestPython, type PackageState } from './probe.js'

/** An interpreter that was looked at and not taken. */
export interface Rejection {
  /** What was looked at, and why it was: `/usr/bin/python3 (PATH)`. */
  readonly candidate: string
  readonly reason: string
}

/** The interpreter that the program named is not one. */
export function namedPythonUnusable(origin: string, value: string, reason: string): SnakepitError {
  return new SnakepitError(
    'python_not_found',
    `expected ${origin} to name a Python ${oldestPython.join('.')} or newer, got '${shorten(value, 400)}': ${reason}. ` +
      'Name the interpreter itself, or leave it out and one is looked for',
    { details: { origin, value, reason } },
  )
}

/** The interpreter that the program named is good, but bare. */
export function namedPythonLacksPackages(
  origin: string,
  value: string,
  interpreter: Interpreter,
  lacking: PackageState[],
) {
  const wanted = lacking.map(({ requirement }) => quote(requirement)).join(' ')
  const command = `${quote(interpreter.executable)} -m pip install ${wanted}`
  return new SnakepitError(
    'environment_failed',
    `${origin} '${value}' is Python ${interpreter.version}, but it ${lacks(lacking)}. Install what it needs: ` +
      `${command}\nOr leave ${origin} out, and an environment that has it is built once`,
    { details: { origin, value, executable: interpreter.executable, missing: lacking, command } },
  )
}

/** There is no interpreter to start from. */
export function nothingFound(rejected: readonly Rejection[]): SnakepitError {
  const looked = rejected.map(({ candidate, reason }) => `\n  ${candidate}: ${reason}`).join('')
  return new SnakepitError(
    'python_not_found',
    `No Python ${oldestPython.join('.')} or newer was found. Install one, or name it with the option \`python\` or in ` +
      `SNAKEPIT_PYTHON. Looked at:${looked || ' nothing, PATH holds none'}`,
    { details: { rejected } },
  )
}

/** The reason why a working interpreter cannot be used as it is. */
export function lacks(states: readonly PackageState[]): string {
  const parts = states.map(({ requirement, name, version, fits }) => {
    if (fits === null) return `cannot tell whether it has '${requirement}'`
    return version === null ? `lacks ${name ?? requirement}` : `has ${name} ${version}, not '${requirement}'`
  })
  return parts.join(', ')
}

/**
 * The cache cannot be used as it must be.
 *
 * @param what the sentence's beginning, up to the path: `The Python environment cannot be built in`
 */
export function cacheUnusable(what: string, path: string, cause: unknown): SnakepitError {
  const { code = 'UNKNOWN', path: place = path } = cause as NodeJS.ErrnoException
  return new SnakepitError(
    'environment_failed',
    `${what} ${path}: ${place === path ? '' : `${place}: `}${fileTrouble[code] ?? 'the file system refused'} (${code}). ` +
      'Give this user the rights to it, or set SNAKEPIT_CACHE to a folder that this user can write to',
    { details: { path, code }, cause },
  )
}

const fileTrouble: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'a file stands in the place of a folder',
  ELOOP: 'links lead in circles',
  ENAMETOOLONG: 'the path is too long',
}

/** A step of building an environment went wrong. */
export function stepFailed(command: string, what: string, output: string, hint: string | undefined): SnakepitError {
  const lines = output.trim().split(/\r?\n/).slice(-12)
  const said = lines.map((line) => `\n  | ${line}`).join('')
  return new SnakepitError(
    'environment_failed',
    `The Python environment could not be built: \`${command}\` ${what}.${said}${hint ? `\n${hint}` : ''}`,
    { details: { command, output: lines, ...(hint && { hint }) } },
  )
}

function quote(text: string): string {
  return /^[\w@%+:,./\\-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
