// The one question that the layers above ask: which interpreter runs my workers?
import { existsSync } from 'node:fs'
import { buildEnvironment } from './build-environment.js'
import type { PythonSource } from './candidates.js'
import { nothingFound, type Rejection } from './failures.js'
import { findPython } from './find-python.js'
import type { InstallContext } from './install.js'
import type { Interpreter } from './probe.js'
import { type PythonOptions, type PythonSettings, resolvePythonOptions } from './python-options.js'
import { SharedWork } from './shared-work.js'

/** An interpreter that has everything the bridge and the tools need. */
export interface PythonInstallation {
  /** Absolute path of the interpreter. */
  readonly executable: string
  /** `3.12.1` */
  readonly version: string
  /** Where it was found. */
  readonly source: PythonSource
  /** The version of each package that was asked for, by name. */
  readonly packages: Readonly<Record<string, string>>
  /** What was looked at before, and why it was not taken. */
  readonly rejected: readonly Rejection[]
  /** The managed environment's folder, where it is one. */
  readonly environment?: string
  /** True when the environment was built just now. */
  readonly built: boolean
}

const memory = new Map<string, SharedWork<PythonInstallation, string>>()

/**
 * Finds the Python for these options, or builds an environment for it. The answer is kept for the life of the process;
 * a failure is not, and neither is an interpreter that has been removed since.
 *
 * @throws `python_not_found`, `environment_failed`, `invalid_option`, or the reason of `signal`
 * @example
 * ```ts
 * const { executable } = await resolvePython({ requirements: ['numpy>=2'], onProgress: console.error })
 * ```
 */
export async function resolvePython(options: PythonOptions = {}): Promise<PythonInstallation> {
  const settings = resolvePythonOptions(options)
  const key = keyOf(settings)
  const kept = memory.get(key)
  const work = kept?.joinable ? kept : begin(key, settings)
  const installation = await work.join(options)
  if (existsSync(installation.executable)) return installation
  if (memory.get(key) === work) memory.delete(key)
  return resolvePython(options)
}

function begin(key: string, settings: PythonSettings): SharedWork<PythonInstallation, string> {
  const work = new SharedWork<PythonInstallation, string>(async (signal, onProgress) => {
    try {
      return await findOrBuild({ settings, signal, onProgress })
    } catch (error) {
      if (memory.get(key) === work) memory.delete(key)
      throw error
    }
  })
  memory.set(key, work)
  return work
}

async function findOrBuild(context: InstallContext): Promise<PythonInstallation> {
  const { found, bare, rejected } = await findPython(context.settings, context.signal)
  if (found) {
    const { source, interpreter, environment } = found
    return installation(interpreter, { source, rejected, built: false, ...(environment && { environment }) })
  }
  const base = bare.find(hasWheels) ?? bare[0]
  if (!base) throw nothingFound(rejected)
  const { interpreter, environment, built } = await buildEnvironment(base, context)
  return installation(interpreter, { source: 'managed', rejected, built, environment: environment.path })
}

type Circumstances = Pick<PythonInstallation, 'source' | 'rejected' | 'built' | 'environment'>

function installation(interpreter: Interpreter, circumstances: Circumstances): PythonInstallation {
  const packages: Record<string, string> = {}
  for (const { name, version } of interpreter.packages) if (name && version) packages[name] = version
  return Object.freeze({ executable: interpreter.executable, version: interpreter.version, packages, ...circumstances })
}

/** True for the versions that the bridge's packages are published for; newer ones would have to compile them. */
function hasWheels({ version, implementation }: Interpreter): boolean {
  const minor = Number(version.split('.')[1])
  return implementation === 'CPython' && minor <= 14
}

const steering = [
  'PATH',
  'Path',
  'SNAKEPIT_PYTHON',
  'SNAKEPIT_CACHE',
  'VIRTUAL_ENV',
  'CONDA_PREFIX',
  'XDG_CACHE_HOME',
  'HOME',
]

function keyOf({ environment, ...settings }: PythonSettings): string {
  return JSON.stringify([settings, steering.map((name) => environment[name] ?? null)])
}
