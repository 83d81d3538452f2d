// What a managed environment is: a virtual environment in the cache, named after everything that decided its content.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { time } from '../time/time.js'
import { environmentsFolder } from './cache-folder.js'
import { pythonInside } from './command-path.js'
import { lockedRequirements } from './package-facts.js'
import type { Interpreter } from './probe.js'
import type { PythonSettings } from './python-options.js'

/** Raised when an environment is laid out in another way, so that old ones are left alone. */
const layout = 1
const stampName = 'snakepit-environment.json'

/** A managed environment, built or not yet. */
export interface ManagedEnvironment {
  readonly path: string
  readonly executable: string
  /** The part of the name that tells interpreters apart. */
  readonly tag: string
}

/** The environment that `base` and these settings lead to. */
export function environmentFor(base: Interpreter, settings: PythonSettings): ManagedEnvironment {
  return at(tagOf(base), contentHash(settings), settings)
}

/** All environments in the cache that were built to their end for these settings, newest Python first. */
export function builtEnvironments(settings: PythonSettings): ManagedEnvironment[] {
  const hash = contentHash(settings)
  return foldersIn(environmentsFolder(settings.environment))
    .filter((name) => name.endsWith(`-${hash}`))
    .map((name) => at(name.slice(0, -hash.length - 1), hash, settings))
    .filter(isBuilt)
    .sort((a, b) => b.tag.localeCompare(a.tag, 'en', { numeric: true }))
}

/** Version, implementation, binary interface and platform: `3.12.1-cpython-312-x86_64-linux-gnu-linux-x86_64`. */
export function tagOf({ version, implementation, abi, platform }: Interpreter): string {
  const withName = abi.startsWith(implementation.toLowerCase()) ? abi : `${implementation.toLowerCase()}-${abi}`
  return `${version}-${withName}-${platform}`.replaceAll(/[^\w.-]/g, '_')
}

/** True when the environment was built to its end; the stamp is the last thing that is written. */
export function isBuilt(environment: ManagedEnvironment): boolean {
  try {
    return JSON.parse(readFileSync(join(environment.path, stampName), 'utf8')).layout === layout
  } catch {
    return false
  }
}

/** Declares an environment whole. */
export function stamp(environment: ManagedEnvironment, facts: Readonly<Record<string, unknown>>): void {
  const file = join(environment.path, stampName)
  writeFileSync(
    `${file}.new`,
    `${JSON.stringify({ layout, ...facts, builtAt: new Date(time.wallNow()).toISOString() }, null, 2)}\n`,
  )
  renameSync(`${file}.new`, file)
}

function at(tag: string, hash: string, settings: PythonSettings): ManagedEnvironment {
  const path = join(environmentsFolder(settings.environment), `${tag}-${hash}`)
  return { path, executable: pythonInside(path), tag }
}

function contentHash({ requirements, installerLines }: PythonSettings): string {
  const content = [layout, lockedRequirements, [...requirements].sort(), installerLines]
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 12)
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
