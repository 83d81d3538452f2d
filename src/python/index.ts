// What the layers above may know of this room.
export { cacheFolder, makeCacheFolder } from './cache-folder.js'
export type { PythonSource } from './candidates.js'
export {
  type EnvironmentOptions,
  type EnvironmentSettings,
  resolveEnvironmentOptions,
  type WorkerEnvironment,
  workerEnvironment,
} from './environment-variables.js'
export { cacheUnusable, type Rejection } from './failures.js'
export { type FoundPython, findPython, type PythonSearch } from './find-python.js'
export { version } from './package-facts.js'
export { bridgePath, useBridge } from './package-files.js'
export { type PythonOptions, type PythonSettings, resolvePythonOptions } from './python-options.js'
export { type PythonInstallation, resolvePython } from './resolve-python.js'
