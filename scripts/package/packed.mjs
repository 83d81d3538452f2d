// The package as it would be published from a fresh clone, and projects that installed it.
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { isForeign, readLock } from '../steps/lock-file.mjs'
import { startRegistry } from './registry.mjs'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** A folder that is gone when the process is. */
export const folder = mkdtempSync(join(tmpdir(), 'pit-package-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

/**
 * Packs the committed files, as they are now, in a folder without `dist`: what `npm pack` does in a fresh clone.
 *
 * @returns {Promise<{ tarball: string, paths: string[] }>}
 */
export async function pack() {
  const clone = join(folder, 'clone')
  const { stdout: names } = await run('git', ['ls-files', '-z', '--cached'], { cwd: root })
  for (const name of names.split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(clone, name)), { recursive: true })
    cpSync(join(root, name), join(clone, name))
  }
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'))
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: clone })
  const packed = JSON.parse(stdout)
  const [{ filename, files }] = Array.isArray(packed) ? packed : Object.values(packed)
  return { tarball: join(folder, filename), paths: files.map(({ path }) => path) }
}

/**
 * An empty project that installed the tarball, and whatever else is named, from an index that has what this project's own
 * node_modules has: nothing is loaded from elsewhere.
 *
 * @param {string} tarball
 * @param {readonly string[]} [others] more to install
 * @returns {Promise<string>} the project's folder
 */
export async function install(tarball, others = []) {
  const project = mkdtempSync(join(folder, 'project-'))
  const registry = await startRegistry(installed())
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }')
  writeFileSync(join(project, '.npmrc'), `registry=${registry.url}/\naudit=false\nfund=false\nupdate-notifier=false\n`)
  try {
    const env = { ...process.env, npm_config_cache: join(folder, 'npm-cache'), npm_config_registry: registry.url }
    await run('npm', ['install', '--ignore-scripts', tarball, ...others], { cwd: project, env })
  } finally {
    registry.close()
  }
  return project
}

/** Runs a command; what it printed is part of the error when it fails. */
export async function run(command, args, options = {}) {
  try {
    return await promisify(execFile)(command, args, { timeout: 120_000, maxBuffer: 2 ** 24, ...options })
  } catch (error) {
    const { stdout = '', stderr = '', message } = error
    throw new Error(`${command} ${args.join(' ')} failed: ${message}\n${stdout}${stderr}`)
  }
}

function installed() {
  return Object.entries(readLock(root).packages)
    .filter(([path, { dev, ...entry }]) => path !== '' && !isForeign(entry) && (!dev || /\/(rxjs|tslib)$/.test(path)))
    .map(([path]) => join(root, path))
    .map((place) => ({ manifest: JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')), folder: place }))
}
