// Where managed environments are kept: one folder of the user's, never the system's.
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

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

/** The folder that holds one folder for each managed environment. */
export function environmentsFolder(environment: NodeJS.ProcessEnv): string {
  return join(cacheFolder(environment), 'environments')
}
