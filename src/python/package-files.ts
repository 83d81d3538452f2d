// Where the package's own files lie, seen from the sources and from the compiled package alike.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SnakepitError } from '../errors/snakepit-error.js'

/** The folder that Python must have on its path to import `snakepit_bridge`. */
export function bridgePath(): string {
  return packageFile('bridge-py', 'src')
}

/** What the bridge asks of an interpreter, one requirement a line: the ranges that are known to work. */
export function bridgeRequirements(): string[] {
  return requirementLines(readFileSync(packageFile('bridge-py', 'requirements.txt'), 'utf8'))
}

/** The exact versions that a managed environment gets: the set the library is tested with. */
export function lockedRequirements(): string[] {
  return requirementLines(readFileSync(packageFile('bridge-py', 'requirements.lock'), 'utf8'))
}

/** The lines of a requirements file that say something, joined where a backslash continues them. */
export function requirementLines(text: string): string[] {
  return text
    .replaceAll(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '')
}

function packageFile(...parts: string[]): string {
  root ??= findRoot(dirname(fileURLToPath(import.meta.url)))
  return join(root, ...parts)
}

let root: string | undefined

function findRoot(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    const isRoot = existsSync(join(folder, 'package.json')) && existsSync(join(folder, 'bridge-py', 'src'))
    if (isRoot) return folder
    if (folder === dirname(folder)) break
  }
  throw new SnakepitError(
    'environment_failed',
    `The Python half of Snakepit was not found above ${start}: keep the package out of bundles (mark it as external)`,
  )
}
