// The files of the Python half, read from where they lie. In `dist` the build puts a module in the place of this one that
// holds them itself (scripts/steps/embed-bridge.mjs).
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import { bridgePath } from '../python/index.js'

/** Each file's content by its path below the folder that Python imports from. */
export function bridgeFiles(): ReadonlyMap<string, Buffer> {
  const root = bridgePath()
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/__pycache__|\.pyc$/.test(name) && statSync(join(root, name)).isFile())
    .sort()
  return new Map(files.map((name) => [name.split(sep).join('/'), readFileSync(join(root, name))]))
}
