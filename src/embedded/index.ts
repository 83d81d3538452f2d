// `snakepit/embedded`: the Python half of the package as part of a bundle, for programs that are one file.
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheFolder, cacheUnusable, makeCacheFolder, version } from '../python/index.js'
import { bridgeFiles } from './bridge-files.js'

/**
 * Unpacks the Python half of Snakepit, which a bundle carries when it imports this, into the cache folder
 * (`SNAKEPIT_CACHE`, else the user's cache directory), unless it lies there already.
 *
 * @returns the folder, for the option `bridgePath`
 * @throws `environment_failed` when it cannot be written there
 * @example
 * ```ts
 * import { Snakepit } from 'snakepit'
 * import { unpackBridge } from 'snakepit/embedded'
 *
 * const pit = await Snakepit.open({ adapter: './tools.py', bridgePath: unpackBridge() })
 * ```
 */
export function unpackBridge(): string {
  const files = bridgeFiles()
  const folder = join(cacheFolder(process.env), 'bridge', `${version}-${hashOf(files)}`)
  try {
    for (const [name, content] of files) unpack(join(folder, name), content)
  } catch (cause) {
    throw cacheUnusable('The Python half of Snakepit cannot be unpacked into', folder, cause)
  }
  return folder
}

/** Whoever reads it sees the whole file or none, also when several programs unpack at the same time. */
function unpack(path: string, content: Buffer): void {
  if (isThere(path, content)) return
  makeCacheFolder(dirname(path), process.env)
  const fresh = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`
  writeFileSync(fresh, content)
  renameSync(fresh, path)
}

function isThere(path: string, content: Buffer): boolean {
  try {
    return readFileSync(path).equals(content)
  } catch {
    return false
  }
}

function hashOf(files: ReadonlyMap<string, Buffer>): string {
  const digest = createHash('sha256')
  for (const [name, content] of files) digest.update(`${name}\0${content.length}\0`).update(content)
  return digest.digest('hex').slice(0, 12)
}
