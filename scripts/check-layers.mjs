// The layers of src, checked by a machine: who may import whom, which packages belong where, and how long a file may be.
import { readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root as repository } from './steps/command.mjs'
import { filesBelow } from './steps/files.mjs'

/** What each folder of src may import, itself aside; '.' stands for the files of src that lie in no folder. */
export const layers = {
  errors: [],
  time: [],
  streams: ['errors', 'time'],
  telemetry: ['errors', 'time', 'streams'],
  codec: ['errors', 'time', 'streams', 'telemetry'],
  wire: ['errors', 'time', 'streams', 'telemetry', 'codec'],
  peer: ['errors', 'time', 'streams', 'telemetry', 'codec', 'wire'],
  python: ['errors', 'time'],
  worker: ['errors', 'time', 'streams', 'telemetry', 'codec', 'wire', 'peer', 'python'],
  pool: ['errors', 'time', 'streams', 'telemetry', 'codec', 'wire', 'peer', 'worker'],
  bridge: ['errors', 'time', 'streams', 'telemetry', 'codec', 'wire', 'peer'],
  api: ['errors', 'time', 'streams', 'telemetry', 'codec', 'wire', 'peer', 'python', 'worker', 'pool', 'bridge'],
  embedded: ['errors', 'python'],
  cli: ['errors', 'time', 'streams', 'telemetry', 'codec', 'python', 'api', '.'],
  '.': ['errors', 'time', 'streams', 'telemetry', 'codec', 'wire', 'peer', 'python', 'worker', 'pool', 'bridge', 'api'],
}

/** Packages that only some folders may know. */
export const packageHomes = {
  rxjs: ['api', 'pool', 'worker', 'streams'],
  execa: ['worker/spawn.ts'],
  'nice-grpc': ['wire/grpc', 'wire/gen', 'bridge'],
  'nice-grpc-common': ['wire/grpc', 'wire/gen', 'bridge'],
}

const longestFile = 300

/** Every breach in a folder of sources, one sentence each. */
export function checkLayers(source = join(repository, 'src')) {
  const inside = (path) => relative(source, path).split(sep).join('/')
  const files = allSources(source)
  const graph = new Map(files.map((file) => [inside(file), importsOf(file)]))
  const breaches = []
  const edges = new Map()
  for (const [file, specifiers] of graph) {
    const targets = []
    for (const specifier of specifiers) {
      if (!specifier.startsWith('.')) {
        breaches.push(...checkPackage(file, specifier))
        continue
      }
      const target = inside(join(source, dirname(file), specifier)).replace(/\.js$/, '.ts')
      if (!graph.has(target)) breaches.push(`${file}: ${specifier} leads to no file`)
      targets.push(target)
      breaches.push(...checkImport(file, target))
    }
    edges.set(file, targets)
  }
  return [...breaches, ...cycles(edges), ...tooLong(files, inside)]
}

function checkImport(file, target) {
  const from = layerOf(file)
  const to = layerOf(target)
  if (!(from in layers)) return [`${file}: '${from}' is not a layer; add it to the table in scripts/check-layers.mjs`]
  if (from !== to && !layers[from].includes(to)) return [`${file}: ${from} may not import ${to} (${target})`]
  if (target.endsWith('index.ts') && dirname(target) === dirname(file))
    return [`${file}: imports its own folder's index`]
  return []
}

function checkPackage(file, specifier) {
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  const homes = Object.hasOwn(packageHomes, name) ? packageHomes[name] : undefined
  const isAtHome = !homes || homes.some((home) => file === home || file.startsWith(`${home}/`))
  return isAtHome ? [] : [`${file}: ${name} is for ${homes.join(', ')} only`]
}

/** Each ring of imports once, written from its alphabetically first file. Types count: they tie files together too. */
function cycles(edges) {
  const found = new Set()
  const finished = new Set()
  const visit = (file, trail) => {
    const start = trail.indexOf(file)
    if (start >= 0) {
      const ring = trail.slice(start)
      const first = ring.indexOf([...ring].sort()[0])
      found.add([...ring.slice(first), ...ring.slice(0, first), ring[first]].join(' -> '))
      return
    }
    if (finished.has(file)) return
    for (const target of edges.get(file) ?? []) visit(target, [...trail, file])
    finished.add(file)
  }
  for (const file of edges.keys()) visit(file, [])
  return [...found].map((ring) => `cycle: ${ring}`)
}

function tooLong(files, inside) {
  return files.flatMap((file) => {
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n').length
    const isGenerated = inside(file).includes('/gen/')
    return lines > longestFile && !isGenerated ? [`${inside(file)}: ${lines} lines, more than ${longestFile}`] : []
  })
}

function allSources(source) {
  const generated = filesBelow(join(source, 'wire', 'gen'), (path) => path.endsWith('.ts'))
  return [...filesBelow(source, (path) => path.endsWith('.ts')), ...generated]
}

function layerOf(file) {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : '.'
}

/** Where a file imports or re-exports from, comments aside. */
function importsOf(file) {
  const text = readFileSync(file, 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
  const statements = /^\s*(?:import|export)\b[^'"`;=]*?\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]/gm
  const calls = /\bimport\(\s*['"]([^'"]+)['"]/g
  return [...text.matchAll(statements), ...text.matchAll(calls)].map((match) => match[1] ?? match[2])
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const breaches = checkLayers()
  for (const breach of breaches) console.error(breach)
  process.exitCode = breaches.length > 0 ? 1 : 0
}
