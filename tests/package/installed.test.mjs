// timeout: 500 s
// The package in other people's hands: installed into an empty project, required, and bundled, each time with real Python.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { folder, install, pack, root, run } from '../../scripts/package/packed.mjs'

const tools = `from typing import Iterator
from snakepit_bridge import tool

@tool
def add(a: int, b: int) -> int:
    return a + b

@tool
def count(to: int) -> Iterator[int]:
    yield from range(to)
`

/** A program for either kind of module: it calls, streams, lets RxJS leave, and prints what came. */
const program = (imports, open = '') => `${imports}
async function main() {
  const pit = await Snakepit.open({ adapter: './tools.py', size: 1${open} })
  try {
    const sum = await pit.execute('add', { a: 1, b: 2 })
    const items = []
    for await (const item of pit.stream('count', { to: 3 }).values()) items.push(item)
    const first = await firstValueFrom(pit.stream('count', { to: 1e6 }).pipe(map(({ data }) => data), take(1)))
    console.log(JSON.stringify({ sum, items, first }))
  } finally {
    await pit.close()
  }
}
main()
`
const printed = '{"sum":3,"items":[0,1,2],"first":0}\n'
const esm = "import { Snakepit } from 'snakepit'\nimport { firstValueFrom, map, take } from 'rxjs'"
const cjs = "const { Snakepit } = require('snakepit')\nconst { firstValueFrom, map, take } = require('rxjs')"

let project = ''

test.before(async () => {
  const { tarball } = await pack()
  project = await install(tarball, ['rxjs'])
  writeFileSync(join(project, 'tools.py'), tools)
})

/** Runs a program of a folder with Node, and gives what it printed. */
async function node(cwd, file, env = {}) {
  const { stdout } = await run(process.execPath, [file], { cwd, env: { ...process.env, ...env } })
  return stdout
}

test('API-01: an empty project that installs the tarball runs a program', async () => {
  writeFileSync(join(project, 'main.mjs'), program(esm))
  assert.is(await node(project, 'main.mjs'), printed)
  assert.equal(readdirSync(join(project, 'node_modules', 'snakepit')).sort(), [
    'LICENSE',
    'README.md',
    'bridge-py',
    'dist',
    'package.json',
    'proto',
  ])
})

test('API-01: the program and the library hold one RxJS, which npm brings where the program does not name it', async () => {
  const { stdout } = await run('npm', ['ls', 'rxjs', '--json'], { cwd: project })
  const { dependencies } = JSON.parse(stdout)
  assert.equal(Object.keys(dependencies).sort(), ['rxjs', 'snakepit'])
  assert.is(dependencies.snakepit.dependencies.rxjs.version, dependencies.rxjs.version)
  assert.not.ok(readdirSync(join(project, 'node_modules', 'snakepit')).includes('node_modules'))
})

/** Bundles a program of the project into one file in a folder far from it. */
async function bundle(name, text, { format, banner }) {
  writeFileSync(join(project, name), text)
  const place = mkdtempSync(join(folder, 'bundle-'))
  const { build } = await import('esbuild')
  const outfile = join(place, name)
  await build({
    absWorkingDir: project,
    entryPoints: [name],
    bundle: true,
    platform: 'node',
    format,
    outfile,
    logLevel: 'silent',
    ...(banner ? { banner: { js: banner } } : {}),
  })
  writeFileSync(join(place, 'tools.py'), tools)
  return place
}

// The name is not `createRequire`: msgpackr has that one.
const banner = "import { createRequire as requireFor } from 'node:module'; const require = requireFor(import.meta.url);"

test('API-01: a full bundle in ES modules runs with a copy of bridge-py beside it, and says what to do without', async () => {
  const place = await bundle('bundle.mjs', program(esm), { format: 'esm', banner })
  const error = await node(place, 'bundle.mjs').then(assert.unreachable, (reason) => reason)
  assert.match(error.message, /SnakepitError: The Python half of Snakepit.*was not found\. Looked at:/)
  assert.ok(error.message.includes(join(place, 'bridge-py')))
  assert.match(error.message, /bridgePath/)
  cpSync(join(project, 'node_modules', 'snakepit', 'bridge-py'), join(place, 'bridge-py'), { recursive: true })
  assert.is(await node(place, 'bundle.mjs'), printed)
  mkdirSync(join(place, 'nested'))
  writeFileSync(join(place, 'nested', 'tools.py'), tools)
  assert.is(await node(join(place, 'nested'), '../bundle.mjs'), printed, 'whatever the working directory is')
})

test('API-01: a full bundle in CommonJS runs with the bridge beside it, by option, or by variable', async () => {
  const place = await bundle('bundle.cjs', program(cjs, ', bridgePath: process.env.BRIDGE'), { format: 'cjs' })
  const bridge = join(project, 'node_modules', 'snakepit', 'bridge-py')
  assert.is(await node(place, 'bundle.cjs', { BRIDGE: bridge }), printed)
  assert.is(await node(place, 'bundle.cjs', { SNAKEPIT_BRIDGE_PATH: join(bridge, 'src') }), printed)
  symlinkSync(bridge, join(place, 'bridge-py'))
  assert.is(await node(place, 'bundle.cjs'), printed)
})

test('API-01: a bundle that is one file carries the bridge, and unpacks it into the cache once', async () => {
  const place = await bundle(
    'single.mjs',
    program(`import { unpackBridge } from 'snakepit/embedded'\n${esm}`, ', bridgePath: unpackBridge()'),
    { format: 'esm', banner },
  )
  const cache = join(place, 'cache')
  assert.is(await node(place, 'single.mjs', { SNAKEPIT_CACHE: cache }), printed)
  const [name = '', ...others] = readdirSync(join(cache, 'bridge'))
  assert.equal(others, [])
  rmSync(join(cache, 'bridge', name, 'snakepit_bridge', 'errors.py'))
  writeFileSync(join(cache, 'bridge', name, 'snakepit_bridge', 'session.py'), 'half of')
  assert.is(
    await node(place, 'single.mjs', { SNAKEPIT_CACHE: cache }),
    printed,
    'what was lost or damaged is there again',
  )
  writeFileSync(join(place, 'file'), '')
  const error = await node(place, 'single.mjs', { SNAKEPIT_CACHE: join(place, 'file') }).then(
    assert.unreachable,
    (reason) => reason,
  )
  assert.match(error.message, /SnakepitError: The Python half of Snakepit cannot be unpacked into .*SNAKEPIT_CACHE/)
})

test('API-01: require() gives the same exports where this Node can require ES modules', async () => {
  if (process.features.require_module !== true) return
  writeFileSync(join(project, 'main.cjs'), program(cjs))
  assert.is(await node(project, 'main.cjs'), printed)
})

test('API-01: what is embedded is what lies in the package', async () => {
  const { bridgeFiles } = await import(join(project, 'node_modules', 'snakepit', 'dist', 'embedded', 'bridge-files.js'))
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', 'bridge-py/src'], { cwd: root })
  const names = stdout.split('\0').filter(Boolean)
  assert.equal([...bridgeFiles().keys()], names.map((name) => name.replace('bridge-py/src/', '')).sort())
})

test.run()
