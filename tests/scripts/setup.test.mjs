// timeout: 180 s
// A fresh machine: node_modules from a real npm and an index of our own, which lacks what it lacks.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkLock } from '../../scripts/check-lock.mjs'
import { startRegistry } from '../../scripts/package/registry.mjs'
import { runCommand } from '../../scripts/steps/command.mjs'
import { dependenciesOf, isForeign, readLock } from '../../scripts/steps/lock-file.mjs'
import { installNodeModules } from '../../scripts/steps/node-modules.mjs'
import { SetupFailure } from '../../scripts/steps/setup-failure.mjs'

const ours = `tool-${process.platform}-${process.arch}`
const foreign = 'tool-sunos-ppc64'

/** What is published: a tool with one package for each machine, as esbuild and biome do it. */
const published = [
  { name: 'tool', version: '1.2.0', optionalDependencies: { [ours]: '1.2.0', [foreign]: '1.2.0' } },
  { name: ours, version: '1.2.0', os: [process.platform], cpu: [process.arch] },
  { name: foreign, version: '1.2.0', os: ['sunos'], cpu: ['ppc64'] },
]

/** A project that wants the tool, with a whole lock file, an empty home and an empty cache. */
async function freshProject() {
  const folder = mkdtempSync(join(tmpdir(), 'pit-setup-'))
  const registry = await startRegistry(published.map((manifest) => ({ manifest })))
  const home = join(folder, 'home')
  const project = join(folder, 'project')
  for (const path of [home, project]) mkdirSync(path)
  const manifest = { name: 'project', version: '0.0.1', dependencies: { tool: '^1.0.0' } }
  const entry = (name, own) => [
    `node_modules/${name}`,
    { ...published.find((each) => each.name === name), name: undefined, integrity: registry.integrity(name), ...own },
  ]
  const packages = Object.fromEntries([
    ['', manifest],
    entry('tool'),
    entry(ours, { optional: true }),
    entry(foreign, { optional: true }),
  ])
  const writeLock = () =>
    writeFileSync(join(project, 'package-lock.json'), JSON.stringify({ ...manifest, lockfileVersion: 3, packages }))
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest))
  writeFileSync(join(project, '.npmrc'), `registry=${registry.url}/\naudit=false\nfetch-retries=0\n`)
  writeLock()
  const before = { ...process.env }
  Object.assign(process.env, { HOME: home, npm_config_cache: join(home, 'npm'), npm_config_update_notifier: 'false' })
  for (const name of Object.keys(process.env))
    if (/^npm_config_(registry|userconfig)$/i.test(name)) delete process.env[name]
  return {
    project,
    registry,
    packages,
    writeLock,
    said: [],
    async install() {
      await installNodeModules(project, (line) => this.said.push(line))
    },
    has: (name) => existsSync(join(project, 'node_modules', name, 'package.json')),
    [Symbol.dispose]() {
      Object.assign(process.env, before)
      if (before.npm_config_cache === undefined) delete process.env.npm_config_cache
      registry.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function withProject(use) {
  const place = await freshProject()
  try {
    await use(place)
  } finally {
    place[Symbol.dispose]()
  }
}

async function failure(place) {
  try {
    await place.install()
  } catch (error) {
    assert.instance(error, SetupFailure, error.stack)
    assert.not.match(error.message, /\n/, 'one paragraph')
    assert.match(error.message, /^Set-up failed: /)
    return error.message
  }
  throw new Error('expected the set-up to fail')
}

test('ENV-02: a lock file that is whole is installed as it says, also from an index that lacks other platforms', () =>
  withProject(async (place) => {
    assert.equal(checkLock(place.project), [])
    place.registry.forget(foreign)
    await place.install()
    assert.ok(place.has('tool') && place.has(ours) && !place.has(foreign))
    const count = place.said.length
    await place.install()
    assert.is(place.said.length, count, 'the second time nothing is done')
  }))

for (const lacks of [false, true]) {
  const index = lacks ? 'lacks it too' : 'has it'
  test(`ENV-02: a hole in the lock file for another machine is named, and no obstacle, where the index ${index}`, () =>
    withProject(async (place) => {
      delete place.packages[`node_modules/${foreign}`]
      place.writeLock()
      assert.equal(checkLock(place.project), [
        `${foreign}@1.2.0: asked for by node_modules/tool, but not in the lock file`,
      ])
      if (lacks) place.registry.forget(foreign)
      const lock = readFileSync(join(place.project, 'package-lock.json'), 'utf8')
      await place.install()
      assert.match(
        place.said.join('\n'),
        /npm ci failed; installing without 1 packages that are made for other machines/,
      )
      assert.ok(place.has('tool') && place.has(ours))
      assert.is(readFileSync(join(place.project, 'package-lock.json'), 'utf8'), lock, 'the lock file is as it was')
    }))
}

test('ENV-02: what this machine needs and the lock file or the index lacks is named in one paragraph', async () => {
  await withProject(async (place) => {
    delete place.packages[`node_modules/${ours}`]
    place.writeLock()
    assert.match(await failure(place), `has no entry for ${ours}@1.2.0, which this machine`)
  })
  await withProject(async (place) => {
    place.registry.forget(ours)
    assert.match(await failure(place), `but not as package-lock.json says: ${ours}@1.2.0 (not there)`)
  })
  await withProject(async (place) => {
    place.registry.forget('tool')
    const said = await failure(place)
    assert.match(said, 'most likely the package index lacks a package')
    assert.match(said, /All that it said is in .*setup\.log/)
  })
})

test('ENV-02: an index that cannot be reached, and a lock file of another package.json, are told as what they are', async () => {
  await withProject(async (place) => {
    place.registry.close()
    assert.match(await failure(place), 'most likely the package index cannot be reached')
  })
  await withProject(async (place) => {
    place.packages[''].dependencies = { tool: '^9.0.0' }
    place.writeLock()
    writeFileSync(
      join(place.project, 'package.json'),
      JSON.stringify({ name: 'project', version: '0.0.1', dependencies: { tool: '^1.0.0', other: '1.0.0' } }),
    )
    assert.match(checkLock(place.project).join('\n'), /^dependencies: package\.json has .*other.*, the lock file .*9/)
    assert.match(await failure(place), /package\.json and package-lock\.json do not agree|lacks a package/)
  })
})

test('ENV-02: the lock file of this project is whole, and a hole made in it is found', () => {
  assert.equal(checkLock(), [])
  const folder = mkdtempSync(join(tmpdir(), 'pit-lock-'))
  const root = process.cwd()
  const lock = readLock(root)
  const [path] = Object.entries(lock.packages).find(([, entry]) => entry.optional && isForeign(entry))
  delete lock.packages[path]
  writeFileSync(join(folder, 'package.json'), readFileSync(join(root, 'package.json')))
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock))
  try {
    const [fault = '', ...others] = checkLock(folder)
    assert.match(fault, `${path.replace('node_modules/', '')}@`)
    assert.equal(others, [])
    assert.throws(
      () => execFileSync(process.execPath, ['scripts/check-lock.mjs', folder], { stdio: 'pipe' }),
      /not whole/,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('ENV-02: dependencies lead where Node would look, and lists of machines are read as npm reads them', () => {
  const packages = {
    '': { dependencies: { a: '1', b: '1' } },
    'node_modules/a': { dependencies: { b: '2' }, peerDependencies: { c: '1' } },
    'node_modules/a/node_modules/b': { optionalDependencies: { a: '1', gone: '1' } },
    'node_modules/b': {},
  }
  const leads = (path) => dependenciesOf(packages, path).map(({ name, found }) => [name, found])
  assert.equal(leads('node_modules/a'), [
    ['b', 'node_modules/a/node_modules/b'],
    ['c', undefined],
  ])
  assert.equal(leads('node_modules/a/node_modules/b'), [
    ['a', 'node_modules/a'],
    ['gone', undefined],
  ])
  const machine = { os: 'linux', cpu: 'x64', libc: 'glibc' }
  const verdicts = [{}, { os: ['!win32'] }, { os: ['linux'], cpu: ['arm64'] }, { os: ['!linux'] }, { libc: ['musl'] }]
  assert.equal(
    verdicts.map((lists) => isForeign(lists, machine)),
    [false, false, true, true, true],
  )
})

test('ENV-02: scripts that set up end with the paragraph and no stack', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pit-scripts-'))
  try {
    execFileSync('cp', ['-r', 'scripts', 'package.json', 'package-lock.json', folder])
    const npm = join(folder, 'bin', 'npm')
    mkdirSync(join(folder, 'bin'))
    writeFileSync(npm, '#!/bin/sh\necho "npm error code ENOTFOUND" >&2\nexit 1\n', { mode: 0o755 })
    for (const script of ['test', 'setup', 'demo']) {
      const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` }
      const result = await runCommand([process.execPath, join(folder, 'scripts', `${script}.mjs`)], {
        cwd: folder,
        env,
      })
      assert.not.ok(result.ok)
      assert.match(
        result.output,
        /Set-up failed: node_modules could not be installed\. `npm ci` ended with status 1; most/,
      )
      assert.not.match(result.output, /\n\s+at /, `${script}: no stack`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test.run()
