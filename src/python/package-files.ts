// Where the Python half of the package lies: beside this module, beside a bundle, or where the program says.
import { readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unexpected } from '../errors/invalid-option.js'
import { SnakepitError } from '../errors/snakepit-error.js'
import { version } from './package-facts.js'

/** What the program named, for all of its workers: this code and its Python half are one version, so there is one. */
let named: string | undefined
/** What was found by looking; the package does not move while it runs. */
let found: string | undefined

/**
 * Takes the program's word for where the bridge is; without one, makes sure that it can be found.
 *
 * @throws `invalid_option` for a folder without the bridge, or another one than before; `environment_failed` when it is
 *   nowhere to be found, or is of another version
 */
export function useBridge(path: string | undefined): void {
  if (path !== undefined) {
    if (typeof path !== 'string' || path === '' || path.includes('\0')) throw unexpected('bridgePath', 'a path', path)
    const folder = holding(resolve(path))
    if (folder === undefined) throw unexpected('bridgePath', `a folder that holds ${marker}`, path)
    if (named !== undefined && named !== folder)
      throw unexpected('bridgePath', `the same for the whole program ('${named}')`, path)
    named = sameVersion(folder)
  }
  bridgePath()
}

/** The folder that Python must have on its path to import `snakepit_bridge`. Throws as {@link useBridge} does. */
export function bridgePath(): string {
  if (named !== undefined) return sameVersion(named)
  const { SNAKEPIT_BRIDGE_PATH: variable } = process.env
  if (variable) return sameVersion(fromVariable(variable))
  found ??= search(placesToLook())
  return sameVersion(found)
}

/**
 * The first of these places that has the bridge in it or above it.
 *
 * @throws `environment_failed` with every place that was looked at
 */
export function search(places: readonly string[]): string {
  for (const place of places) {
    for (let folder = place; ; folder = dirname(folder)) {
      const bridge = holding(join(folder, 'bridge-py'))
      if (bridge !== undefined) return bridge
      if (folder === dirname(folder)) break
    }
  }
  const looked = places.map((place) => `\n  ${join(place, 'bridge-py')}, and in every folder above`).join('')
  throw new SnakepitError(
    'environment_failed',
    `The Python half of Snakepit, the folder bridge-py of the npm package, was not found. Looked at:${looked}\n` +
      'A bundle does not carry it. Keep the package out of the bundle (mark `snakepit` as external), or copy the folder ' +
      'beside the bundle (cp -r node_modules/snakepit/bridge-py dist/), or say where it is with the option `bridgePath` ' +
      "or SNAKEPIT_BRIDGE_PATH, or bundle it too (`bridgePath: unpackBridge()` of 'snakepit/embedded')",
    { details: { looked: places } },
  )
}

const marker = join('snakepit_bridge', '__main__.py')

/** The import root in or at a folder: `bridge-py/src`, or `bridge-py`, or a folder with nothing but the package. */
function holding(folder: string): string | undefined {
  return [folder, join(folder, 'src')].find((root) => isFile(join(root, marker)))
}

/**
 * Beside the module; beside the program's first file, because bundlers replace what a module knows of itself; beside the
 * executable, for programs that are one file.
 */
function placesToLook(): string[] {
  const here = import.meta.url?.startsWith('file:') ? fileURLToPath(import.meta.url) : undefined
  const files = [here, commonJsFile(), process.argv[1], process.execPath]
  return [...new Set(files.filter((file) => file !== undefined).map((file) => dirname(resolve(file))))]
}

/** A bundle in CommonJS has no `import.meta`. */
function commonJsFile(): string | undefined {
  return typeof __filename === 'string' ? __filename : undefined
}

function fromVariable(path: string): string {
  const folder = holding(resolve(path))
  if (folder !== undefined) return folder
  throw new SnakepitError(
    'environment_failed',
    `expected SNAKEPIT_BRIDGE_PATH to name a folder that holds ${marker}, got '${path}'`,
    { details: { path } },
  )
}

/** A copy that an update forgot would fail later, and in stranger ways. */
function sameVersion(folder: string): string {
  const file = join(folder, 'snakepit_bridge', '_version.py')
  const other = /__version__ = "([^"]*)"/.exec(readFileSync(file, 'utf8'))?.[1]
  if (other === version) return folder
  throw new SnakepitError(
    'environment_failed',
    `The Python half of Snakepit in ${folder} is of version ${other}, but this is Snakepit ${version}: copy it anew`,
    { details: { path: folder, version: other, expected: version } },
  )
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
