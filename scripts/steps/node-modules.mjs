// node_modules, installed exactly as the lock file says, also where the index lacks packages of other machines.
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from './command.mjs'
import { dependenciesOf, isForeign, isOfPlatform, readLock } from './lock-file.mjs'
import { commandFailure, SetupFailure } from './setup-failure.mjs'

const npmTimeout = 900_000
const npmCi = ['npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error']

/**
 * Installs what package-lock.json of a folder says, unless it was done before.
 *
 * First all of it, by `npm ci`. Where that fails, without what can be done without: packages that the lock file marks
 * optional and made for other machines, and holes in the lock file. What an index answers for those is different from
 * one to the other, so its words are not looked at. Nothing else is left out, and no version is chosen anew.
 *
 * @throws {SetupFailure}
 */
export async function installNodeModules(folder, say) {
  const stamp = join(folder, 'node_modules', '.snakepit-setup')
  const wanted = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  say('installing node_modules (npm ci)')
  const exact = await runCommand(npmCi, { cwd: folder, timeout: npmTimeout })
  if (!exact.ok) await installForThisMachine(folder, say, exact)
  const missing = notInstalled(folder)
  if (missing.length > 0) throw incomplete(missing)
  writeFileSync(stamp, wanted)
}

/** Installs by a copy of the lock file that knows this machine only, in a folder of its own. */
async function installForThisMachine(folder, say, exact) {
  const failed = (result) => commandFailure('node_modules could not be installed', 'npm ci', result, folder)
  const lock = readLock(folder)
  const { left, needed } = leaveOut(lock.packages)
  if (needed.length > 0) throw holesThatMatter(needed)
  if (left.length === 0) throw failed(exact)
  say(`npm ci failed; installing without ${left.length} packages that are made for other machines`)
  const aside = join(folder, '.cache', 'setup')
  rmSync(aside, { recursive: true, force: true })
  mkdirSync(aside, { recursive: true })
  for (const name of ['package.json', '.npmrc']) {
    if (existsSync(join(folder, name))) copyFileSync(join(folder, name), join(aside, name))
  }
  writeFileSync(join(aside, 'package-lock.json'), JSON.stringify(lock))
  // What is installed needs none of our own scripts: `prepare` and its like would run in the wrong folder.
  const result = await runCommand([...npmCi, '--prefix', aside], { cwd: aside, timeout: npmTimeout })
  if (!result.ok) throw failed(result)
  rmSync(join(folder, 'node_modules'), { recursive: true, force: true })
  renameSync(join(aside, 'node_modules'), join(folder, 'node_modules'))
  rmSync(aside, { recursive: true, force: true })
}

/**
 * Takes out of the lock file what this machine can do without.
 *
 * @returns {{ left: string[], needed: string[] }} what was taken out, and the holes that this machine cannot do without
 */
export function leaveOut(packages) {
  const left = []
  const needed = []
  for (const [path, entry] of Object.entries(packages)) {
    if (!entry.optional || !isForeign(entry)) continue
    left.push(path)
    delete packages[path]
  }
  for (const path of Object.keys(packages)) {
    const dependencies = dependenciesOf(packages, path)
    // A hole says nothing of itself but its name; where a sibling is for this machine, it is not the one.
    const served = dependencies.some(({ kind, found }) => kind === 'optional' && found && isOfPlatform(packages[found]))
    for (const { name, range, kind, found } of dependencies) {
      if (found !== undefined) continue
      const isOurs = !served && name.includes(process.platform) && name.includes(process.arch)
      if (kind !== 'optional' || isOurs) needed.push(`${name}@${range}`)
      if (kind !== 'optional') continue
      left.push(name)
      delete packages[path].optionalDependencies[name]
    }
  }
  const reached = reachable(packages)
  for (const path of Object.keys(packages)) if (!reached.has(path)) delete packages[path]
  return { left: [...new Set(left)], needed: [...new Set(needed)] }
}

/** The packages of the lock file that this machine needs and that are not there in its version. */
function notInstalled(folder) {
  return Object.entries(readLock(folder).packages).flatMap(([path, { version, optional, link, ...entry }]) => {
    const isNeeded = !optional || (isOfPlatform(entry) && !isForeign(entry))
    if (path === '' || link || !isNeeded) return []
    const there = installedVersion(join(folder, path))
    return there === version ? [] : [`${path.replace(/^.*node_modules\//, '')}@${version} (${there ?? 'not there'})`]
  })
}

function installedVersion(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version
  } catch {
    return undefined
  }
}

function reachable(packages, path = '', seen = new Set()) {
  if (seen.has(path)) return seen
  seen.add(path)
  for (const { found } of dependenciesOf(packages, path)) if (found !== undefined) reachable(packages, found, seen)
  return seen
}

function incomplete(missing) {
  return new SetupFailure(
    `Set-up failed: npm installed node_modules, but not as package-lock.json says: ${missing.slice(0, 5).join(', ')}` +
      `${missing.length > 5 ? ` and ${missing.length - 5} more` : ''}. Most likely the package index lacks them for this ` +
      `machine (${process.platform}, ${process.arch}), or npm was told to omit optional packages. Set an index that has ` +
      'them (npm config set registry …) and look at: npm config get omit',
  )
}

function holesThatMatter(needed) {
  return new SetupFailure(
    `Set-up failed: package-lock.json has no entry for ${needed.slice(0, 5).join(', ')}, which this machine ` +
      `(${process.platform}, ${process.arch}) needs. Most likely it was written where the package index lacks ` +
      'them. Write it anew where the index has every platform: npm install --package-lock-only',
  )
}
