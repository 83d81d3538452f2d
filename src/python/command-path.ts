// From a command's name to the file that would run, as a shell finds it.
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join, resolve } from 'node:path'

/** What a path turned out to be. */
export type FileState = 'runnable' | 'missing' | 'forbidden' | 'directory' | 'not_executable'

/** True for what is written as a path rather than as a command's name. */
export function looksLikePath(text: string): boolean {
  return isAbsolute(text) || text.includes('/') || (process.platform === 'win32' && text.includes('\\'))
}

/** The first file of that name on `PATH` that may be run. */
export function findCommand(name: string, environment: NodeJS.ProcessEnv, cwd: string): string | undefined {
  for (const folder of (environment.PATH ?? environment.Path ?? '').split(delimiter)) {
    if (folder === '') continue
    for (const extension of executableExtensions(environment)) {
      const path = resolve(cwd, folder, name + extension)
      if (fileState(path) === 'runnable') return path
    }
  }
  return undefined
}

/** Says whether a path can be run, and if not why. */
export function fileState(path: string): FileState {
  try {
    if (statSync(path).isDirectory()) return 'directory'
  } catch (error) {
    // Not there, below a file, or too long to be there; or it leads through a folder of somebody else.
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'forbidden' : 'missing'
  }
  try {
    accessSync(path, constants.X_OK)
    return 'runnable'
  } catch {
    return 'not_executable'
  }
}

/** The interpreter inside a virtual or Conda environment. */
export function pythonInside(environment: string, kind: 'venv' | 'conda' = 'venv'): string {
  if (process.platform !== 'win32') return join(environment, 'bin', 'python')
  return kind === 'conda' ? join(environment, 'python.exe') : join(environment, 'Scripts', 'python.exe')
}

function executableExtensions(environment: NodeJS.ProcessEnv): string[] {
  return process.platform === 'win32' ? ['', ...(environment.PATHEXT ?? '.EXE').split(';')] : ['']
}
