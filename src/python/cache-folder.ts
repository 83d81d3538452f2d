// Where managed environments are kept: one folder of the user's, never the system's.
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** `SNAKEPIT_CACHE`, or the folder that this platform keeps caches in. */
export function cacheFolder(environment: NodeJS.ProcessEnv): string {
  if (environment.SNAKEPIT_CACHE) return resolve(environment.SNAKEPIT_CACHE)
  const home = environment.HOME || environment.USERPROFILE || homedir()
  switch (process.platform) {
    case 'win32':
      return join(environment.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'snakepit', 'Cache')
    case 'darwin':
      return join(home, 'Library', 'Caches', 'snakepit')
    default:
      return join(environment.XDG_CACHE_HOME || join(home, '.cache'), 'snakepit')
  }
}

/**
 * Makes a folder inside the cache. The user's own cache is nobody else's business; one that `SNAKEPIT_CACHE` names may be
 * shared, so that others can read what one has built: there the user's umask decides.
 */
export function makeCacheFolder(path: string, environment: NodeJS.ProcessEnv): void {
  makeFolder(path, environment.SNAKEPIT_CACHE ? 0o777 : 0o700)
}

// Not `recursive: true`: Node tries without end where a folder is there and nothing can be made in it, as in /proc.
function makeFolder(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && statSync(path).isDirectory()) return
    if (code !== 'ENOENT' || existsSync(dirname(path))) throw error
    makeFolder(dirname(path), mode)
    makeFolder(path, mode)
  }
}

/** The folder that holds one folder for each managed environment. */
export function environmentsFolder(environment: NodeJS.ProcessEnv): string {
  return join(cacheFolder(environment), 'environments')
}
