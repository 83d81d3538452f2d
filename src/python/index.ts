// What the layers above may know of this room.
export type { PythonSource } from './candidates.js'
export {
  type EnvironmentOptions,
  type EnvironmentSettings,
  resolveEnvironmentOptions,
  type WorkerEnvironment,
  workerEnvironment,
} from './environment-variables.js'
export type { Rejection } from './failures.js'
export { type FoundPython, findPython, type PythonSearch } from './find-python.js'
export { bridgePath } from './package-files.js'
export { type PythonOptions, type PythonSettings, resolvePythonOptions } from './python-options.js'
export { type PythonInstallation, resolvePython } from './resolve-python.js'
