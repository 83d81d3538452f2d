// Which runtimes, package managers and tools the packed package works with: tried, each with a real program and Python.
//
//     npm run compat               prints the table
//     npm run compat -- --write    and writes it into docs/compatibility.md
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commonJs, esModule, jestImports, jestTest, tools } from './compat/programs.mjs'
import { runtime } from './compat/runtimes.mjs'
import { folder, install, pack } from './package/packed.mjs'
import { setupOrExit } from './setup.mjs'
import { root, runCommand } from './steps/command.mjs'
import { devPython } from './steps/python-dev.mjs'

await setupOrExit({ python: 'dev' })
const { tarball } = await pack()
const npmProject = await install(tarball, ['rxjs'])
const bridge = join(npmProject, 'node_modules', 'snakepit', 'bridge-py')
const env = { ...process.env, SNAKEPIT_PYTHON: devPython, SNAKEPIT_CACHE: join(folder, 'cache') }
const embedded = ["import { unpackBridge } from 'snakepit/embedded'\n", ', bridgePath: unpackBridge()']
write(npmProject, { 'tools.py': tools, 'main.mjs': esModule(), 'main.cjs': commonJs() })
write(npmProject, { 'single.mjs': esModule(embedded[1], embedded[0]) })

const current = { path: process.execPath, version: process.versions.node }
const node22 = await runtime('Node 22')
const node24 = await runtime('Node 24')
const bun = await runtime('Bun')
const deno = await runtime('Deno')
const pnpm = await runtime('pnpm')
const jest = await runtime('Jest')
const rows = []

for (const node of [current, node22, node24]) {
  const name = node.missing ? 'Node' : `Node ${node.version}`
  await row(`${name}, ES modules`, node, ({ path }) => [[path, 'main.mjs']])
  await row(`${name}, \`require('snakepit')\``, node, ({ path }) => [[path, 'main.cjs']])
}
await row('Bun', bun, ({ path }) => [[path, 'main.mjs']])
await row('Bun, one executable (`bun build --compile`, `snakepit/embedded`)', bun, ({ path }) => [
  [path, 'build', '--compile', 'single.mjs', '--outfile', 'single'],
  [join(npmProject, 'single')],
])
// Its HTTP/2 fails now and then: once says little.
const inDeno = ({ path }) => Array.from({ length: 5 }, () => [path, 'run', '-A', 'main.mjs'])
await row('Deno (`deno run -A`, node_modules of npm), five times', deno, inDeno)

const banner = "import { createRequire as requireFor } from 'node:module'; const require = requireFor(import.meta.url);"
await bundled('esbuild, ES module, bridge-py beside it', 'main.mjs', 'esm', true)
await bundled('esbuild, CommonJS, bridge-py beside it', 'main.cjs', 'cjs', true)
await bundled('esbuild, one file (`snakepit/embedded`)', 'single.mjs', 'esm', false)

await inPnpm('pnpm project, `pnpm add snakepit rxjs`', ['rxjs'], esModule())
await inPnpm(
  'pnpm project, `pnpm add snakepit` alone',
  [],
  esModule()
    .replace(/import \{ filter.*\n/, '')
    .replace(/const said[\s\S]*try \{/, 'try {')
    .replace(/ {4}const seen[\s\S]*?=== 99\)\n/, '')
    .replace(/ {4}await said\n/, ''),
)

const inJest = mkdtempSync(join(folder, 'jest-'))
cpSync(join(npmProject, 'node_modules'), join(inJest, 'node_modules'), { recursive: true, verbatimSymlinks: true })
write(inJest, { 'package.json': '{ "private": true, "jest": { "transform": {} } }', 'tools.py': tools })
write(inJest, { 'esm.test.mjs': jestTest(jestImports.esm), 'cjs.test.js': jestTest(jestImports.cjs) })
const modules = { NODE_OPTIONS: '--experimental-vm-modules' }
const matching = ['--testMatch', '**/*.test.?(m)js', '--runInBand', '--rootDir', inJest]
await row(
  'Jest, ES modules (`--experimental-vm-modules`)',
  jest,
  ({ path }) => [[process.execPath, path, ...matching, 'esm']],
  inJest,
  modules,
)
await row(
  'Jest, CommonJS (`require`), without that flag',
  jest,
  ({ path }) => [[process.execPath, path, ...matching, 'cjs']],
  inJest,
)

const table = ['| tried | version | result | seconds |', '|---|---|---|---|', ...rows].join('\n')
console.log(`\n${table}`)
if (process.argv.includes('--write')) writePage(table)

/** Runs the commands of one row, each in turn, and notes how it went. */
async function row(name, tool, commands, cwd = npmProject, more = {}) {
  if (tool.missing) return note(name, '', `not available here: ${tool.missing}`, 0)
  const began = performance.now()
  for (const command of commands(tool)) {
    const result = await runCommand(command, { cwd, env: { ...env, ...more }, timeout: 180_000 })
    if (!result.ok) {
      console.error(result.output)
      const how = firstWords(result.output) || `status ${result.status}`
      return note(name, tool.version, `failed: ${how}`, performance.now() - began)
    }
  }
  note(name, tool.version, 'works', performance.now() - began)
}

function note(name, version, result, milliseconds) {
  rows.push(`| ${name} | ${version} | ${result} | ${milliseconds === 0 ? '' : (milliseconds / 1000).toFixed(1)} |`)
  console.log(`${name} ${version}: ${result}`)
}

async function bundled(name, entry, format, beside) {
  const place = mkdtempSync(join(folder, 'bundle-'))
  const esbuild = await import('esbuild')
  const outfile = join(place, entry)
  await esbuild.build({
    absWorkingDir: npmProject,
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format,
    outfile,
    logLevel: 'silent',
    ...(format === 'esm' ? { banner: { js: banner } } : {}),
  })
  write(place, { 'tools.py': tools })
  if (beside) cpSync(bridge, join(place, 'bridge-py'), { recursive: true })
  await row(name, { version: esbuild.version }, () => [[process.execPath, outfile]], place)
}

async function inPnpm(name, others, text) {
  const place = mkdtempSync(join(folder, 'pnpm-'))
  write(place, { 'package.json': '{ "private": true, "type": "module" }', 'tools.py': tools, 'main.mjs': text })
  const store = ['--store-dir', join(folder, 'pnpm-store')]
  await row(
    name,
    pnpm,
    ({ path }) => [
      [process.execPath, path, 'add', ...store, '--ignore-scripts', tarball, ...others],
      [process.execPath, 'main.mjs'],
    ],
    place,
  )
}

function write(place, files) {
  mkdirSync(place, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(place, name), text)
}

function firstWords(output) {
  const lines = output.split('\n').map((line) => line.trim())
  return (lines.find((line) => /error:|assertion|expected|must use|cannot/i.test(line)) ?? lines[0] ?? '')
    .replaceAll(/\S*\/pit-package-[^/]*\/[^/]*\//g, '')
    .slice(0, 140)
    .replaceAll('|', '\\|')
}

function writePage(text) {
  const page = join(root, 'docs', 'compatibility.md')
  const marked = /(<!-- table -->\n)[\s\S]*(<!-- end -->)/
  const date = new Date().toISOString().slice(0, 10)
  const where = `${process.platform} ${process.arch}, ${date}, by \`npm run compat -- --write\`:\n\n`
  writeFileSync(
    page,
    readFileSync(page, 'utf8').replace(marked, (_, start, end) => `${start}${where}${text}\n${end}`),
  )
}
