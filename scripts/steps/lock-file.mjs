// package-lock.json as npm reads it: which package of it a dependency leads to, and which are for this machine.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The lock file of a folder. */
export function readLock(folder) {
  return JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'))
}

/**
 * What a package in the lock file depends on.
 *
 * @returns {{ name: string, range: string, kind: 'needed' | 'optional' | 'peer', found: string | undefined }[]} `found` is
 *   the path of the package that it leads to, looked for as Node looks for it: inside first, then in every folder above
 */
export function dependenciesOf(packages, path) {
  const entry = packages[path]
  const kinds = [
    ['needed', { ...entry.dependencies, ...(path === '' ? entry.devDependencies : {}) }],
    ['optional', entry.optionalDependencies ?? {}],
    ['peer', Object.fromEntries(Object.entries(entry.peerDependencies ?? {}).filter(isNeeded(entry)))],
  ]
  return kinds.flatMap(([kind, ranges]) =>
    Object.entries(ranges).map(([name, range]) => ({ name, range, kind, found: resolve(packages, path, name) })),
  )
}

/** True for packages that lists of systems, processors or C libraries keep to other machines than this one. */
export function isForeign({ os, cpu, libc }, machine = thisMachine()) {
  return !(allows(os, machine.os) && allows(cpu, machine.cpu) && allows(libc, machine.libc))
}

/** True for packages that are made for some machines only. */
export function isOfPlatform({ os, cpu, libc }) {
  return os !== undefined || cpu !== undefined || libc !== undefined
}

/** This machine in npm's words. */
export function thisMachine() {
  const glibc = process.report.getReport().header.glibcVersionRuntime
  const libc = process.platform !== 'linux' ? undefined : glibc ? 'glibc' : 'musl'
  return { os: process.platform, cpu: process.arch, libc }
}

const isNeeded =
  ({ peerDependenciesMeta = {} }) =>
  ([name]) =>
    !peerDependenciesMeta[name]?.optional

function resolve(packages, path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    const candidate = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
    if (Object.hasOwn(packages, candidate)) return candidate
    if (folder === '') return undefined
  }
}

/** A list of npm's: `['linux', 'darwin']`, or `['!win32']` for all others. */
function allows(list, value) {
  if (list === undefined || list === 'any' || list.length === 0) return true
  const words = [list].flat()
  if (words.includes(`!${value}`)) return false
  return words.includes(value) || words.includes('any') || words.every((word) => word.startsWith('!'))
}
