// A managed environment is built, once, whoever asks and however many ask at the same time.
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { SnakepitError } from '../errors/snakepit-error.js'
import { makeCacheFolder } from './cache-folder.js'
import { cacheUnusable, lacks } from './failures.js'
import { chooseInstaller, type InstallContext, install } from './install.js'
import { LockTimeout, withLock } from './lock.js'
import { environmentFor, isBuilt, type ManagedEnvironment, stamp } from './managed-environment.js'
import { bridgeRequirements } from './package-facts.js'
import { type Interpreter, probe, unmet } from './probe.js'

/** An environment that stands. */
export interface BuiltEnvironment {
  readonly environment: ManagedEnvironment
  readonly interpreter: Interpreter
  /** False when another process had built it meanwhile. */
  readonly built: boolean
}

/** Builds the environment that `base` leads to, unless it stands. Rejects with `environment_failed` or the signal's reason. */
export async function buildEnvironment(base: Interpreter, context: InstallContext): Promise<BuiltEnvironment> {
  const { settings, signal, onProgress } = context
  const environment = environmentFor(base, settings)
  // One that stands is taken as it is, without a lock: it may be another user's, who gave us no right to write.
  const standing = await verified(environment, context)
  if (standing) return { environment, interpreter: standing, built: false }
  try {
    makeCacheFolder(dirname(environment.path), settings.environment)
    return await withLock(
      `${environment.path}.lock`,
      {
        timeout: settings.installTimeout,
        longestWork: 4 * settings.installTimeout,
        signal,
        onWait: (owner) => onProgress(`waiting for process ${owner.pid}, which is building ${environment.path}`),
      },
      () => buildUnderLock(base, environment, context),
    )
  } catch (error) {
    if (isOfFileSystem(error)) throw cacheUnusable('A Python environment cannot be built in', environment.path, error)
    if (!(error instanceof LockTimeout)) throw error
    throw new SnakepitError(
      'environment_failed',
      `Waited ${settings.installTimeout / 1000} s for ${environment.path}, which is ${error.message}. ` +
        `If that process hangs, end it; if it is not there, remove ${environment.path}.lock`,
      { details: { path: environment.path, owner: error.owner?.pid }, cause: error },
    )
  }
}

async function buildUnderLock(base: Interpreter, environment: ManagedEnvironment, context: InstallContext) {
  const standing = await verified(environment, context)
  if (standing) return { environment, interpreter: standing, built: false }

  const installer = chooseInstaller(context.settings)
  context.onProgress(
    `building a Python ${base.version} environment with ${installer.name}, this once: ${environment.path}`,
  )
  rmSync(environment.path, { recursive: true, force: true })
  await install(installer, base.executable, environment, context)
  const interpreter = await verify(environment, context)
  if (typeof interpreter === 'string') {
    throw new SnakepitError(
      'environment_failed',
      `The environment ${environment.path} was built with ${installer.name}, but its interpreter ${interpreter}`,
      { details: { path: environment.path } },
    )
  }
  const packages = interpreter.packages.map(({ requirement, version }) => ({ requirement, version }))
  stamp(environment, { base: base.executable, installer: installer.name, packages })
  return { environment, interpreter, built: true }
}

/** The interpreter of an environment that stands whole. */
async function verified(environment: ManagedEnvironment, context: InstallContext): Promise<Interpreter | undefined> {
  const standing = isBuilt(environment) && (await verify(environment, context))
  return typeof standing === 'object' ? standing : undefined
}

/** True for what the file system refused; commands that fail are no exceptions, but values. */
function isOfFileSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && 'code' in error
}

/** The environment's interpreter, or what is wrong with it. */
async function verify(
  environment: ManagedEnvironment,
  { settings, signal }: InstallContext,
): Promise<Interpreter | string> {
  const result = await probe(
    environment.executable,
    [...bridgeRequirements, ...settings.requirements],
    settings,
    signal,
  )
  if (result.kind === 'rejected') return result.reason
  const missing = unmet(result.interpreter).filter(({ fits }) => fits === false)
  return missing.length > 0 ? lacks(missing) : result.interpreter
}
