// The lock file, checked before anything is installed from it: does it agree with package.json, and does it have every
// package of every platform? A lock file that was written on one machine from an index that lacks the packages of others
// has holes, and `npm ci` refuses it on machines whose index has them.
//
//     node scripts/check-lock.mjs [folder]
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './steps/command.mjs'
import { dependenciesOf, readLock } from './steps/lock-file.mjs'

/** Everything that is wrong with the lock file of a folder, one sentence each. */
export function checkLock(folder = root) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const { packages } = readLock(folder)
  return [...disagreements(manifest, packages['']), ...Object.keys(packages).flatMap((path) => holes(packages, path))]
}

const shared = [
  'name',
  'version',
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
  'engines',
]

function disagreements(manifest, entry) {
  const differing = shared.filter((field) => sorted(manifest[field]) !== sorted(entry[field]))
  return differing.map(
    (field) => `${field}: package.json has ${sorted(manifest[field])}, the lock file ${sorted(entry[field])}`,
  )
}

function holes(packages, path) {
  const entry = packages[path]
  const own = []
  if (path !== '' && !entry.link) {
    if (!entry.version) own.push(`${path}: has no version`)
    if (!entry.integrity && !entry.inBundle) own.push(`${path}: has no integrity`)
  }
  const lacking = dependenciesOf(packages, path).flatMap(({ name, range, found }) => {
    const by = path === '' ? 'package.json' : path
    if (found === undefined) return [`${name}@${range}: asked for by ${by}, but not in the lock file`]
    const { version } = packages[found]
    const isPinned = /^\d+\.\d+\.\d+[\w.+-]*$/.test(range)
    return isPinned && version !== range
      ? [`${name}@${range}: asked for by ${by}, but the lock file has ${version}`]
      : []
  })
  return [...own, ...lacking]
}

function sorted(value) {
  if (typeof value !== 'object') return String(value)
  return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const faults = checkLock(process.argv[2])
  if (faults.length > 0) {
    console.error(`package-lock.json is not whole:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
    console.error('Write it anew where the index has every platform: npm install --package-lock-only')
  }
  process.exitCode = faults.length > 0 ? 1 : 0
}
