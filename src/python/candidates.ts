// Where a Python may be, the likeliest to be meant first.
import { readdirSync, realpathSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { findCommand, looksLikePath, pythonInside } from './command-path.js'
import { installEnvironment } from './environment-variables.js'
import type { PythonSettings } from './python-options.js'
import { run } from './run.js'

/** Why an interpreter was looked at. */
export type PythonSource = 'option' | 'env' | 'venv' | 'conda' | 'dot-venv' | 'managed' | 'uv' | 'path'

/** A place to look at. */
export interface Candidate {
  readonly source: PythonSource
  readonly path: string
}

/** An interpreter that was named: it is used, or refused with a reason, but nothing else is taken instead. */
export interface NamedPython {
  readonly source: 'option' | 'env'
  /** How the program or its user named it, for messages: `python` or `SNAKEPIT_PYTHON`. */
  readonly origin: string
  readonly value: string
  /** Absent when it is a command that `PATH` does not have. */
  readonly path: string | undefined
}

/** The interpreter that the program, or else its user, insists on. */
export function namedPython({ python, environment, cwd }: PythonSettings): NamedPython | undefined {
  const locate = (value: string) => (looksLikePath(value) ? resolve(cwd, value) : findCommand(value, environment, cwd))
  if (python) return { source: 'option', origin: '`python`', value: python, path: locate(python) }
  const value = environment.SNAKEPIT_PYTHON
  return value ? { source: 'env', origin: 'SNAKEPIT_PYTHON', value, path: locate(value) } : undefined
}

/** The environments that the user works in. */
export function projectCandidates({ environment, cwd }: PythonSettings): Candidate[] {
  const { VIRTUAL_ENV, CONDA_PREFIX } = environment
  return [
    ...(VIRTUAL_ENV ? [{ source: 'venv', path: pythonInside(resolve(cwd, VIRTUAL_ENV)) } as const] : []),
    ...(CONDA_PREFIX ? [{ source: 'conda', path: pythonInside(CONDA_PREFIX, 'conda') } as const] : []),
    { source: 'dot-venv', path: pythonInside(join(cwd, '.venv')) },
  ]
}

/** The interpreter that uv would take, if there is a uv. */
export async function uvCandidates(settings: PythonSettings, signal?: AbortSignal): Promise<Candidate[]> {
  const { environment, cwd, probeTimeout } = settings
  const uv = findCommand('uv', environment, cwd)
  if (!uv) return []
  const args = ['python', 'find', '--no-project', '--offline', '>=3.10']
  const end = await run(uv, args, { timeout: probeTimeout, env: installEnvironment(environment), cwd, signal })
  const path = end.kind === 'exited' && end.status === 0 ? end.stdout.trim() : ''
  return path ? [{ source: 'uv', path }] : []
}

/** Every Python of `PATH`: by its plain name first, then by version, newest first. */
export function pathCandidates({ environment, cwd }: PythonSettings): Candidate[] {
  const versions = [14, 13, 12, 11, 10].map((minor) => `python3.${minor}`)
  const names = process.platform === 'win32' ? ['python', 'python3', 'py'] : ['python3', ...versions, 'python']
  const written = (environment.PATH ?? environment.Path ?? '').split(delimiter).filter(holdsPython)
  const folders = written.filter((folder, index) => written.findIndex((other) => isSame(folder, other)) === index)
  const candidates: Candidate[] = []
  for (const name of names) {
    for (const folder of folders) {
      const path = findCommand(name, { ...environment, PATH: folder, Path: folder }, cwd)
      if (path && !candidates.some((other) => other.path === path)) candidates.push({ source: 'path', path })
    }
  }
  return candidates
}

/** `/bin` is `/usr/bin` on most machines: what is found there need not be asked twice. */
function isSame(folder: string, other: string): boolean {
  return realpathSync(folder || '.') === realpathSync(other || '.')
}

function holdsPython(folder: string): boolean {
  try {
    return readdirSync(folder || '.').some((name) => /^py/i.test(name))
  } catch {
    return false
  }
}
