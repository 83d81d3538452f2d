// Makes what is generated: from the protocol, TypeScript messages and the descriptor set that Python loads; from
// package.json and the requirements of the bridge, what the package knows of itself.
//
//     node scripts/generate.mjs [--check]     --check writes nothing and fails where something is out of date
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { mustRun, root } from './steps/command.mjs'
import { filesBelow } from './steps/files.mjs'
import { tool } from './steps/node-tool.mjs'
import { packageFacts, writePackageFacts } from './steps/package-facts.mjs'

const messages = join('src', 'wire', 'gen')
const descriptors = join('bridge-py', 'src', 'snakepit_bridge', '_protocol', 'worker.binpb')

/** Generates into the repository. */
export async function generate() {
  writeFileSync(join(root, packageFacts), writePackageFacts())
  await inFreshFolder((fresh) => {
    rmSync(join(root, messages), { recursive: true, force: true })
    for (const path of [messages, descriptors]) cpSync(join(fresh, path), join(root, path), { recursive: true })
  })
}

/** The committed files that are not what would be generated today. */
export function outdated() {
  return inFreshFolder((fresh) => {
    const filesOf = (base) => filesBelow(join(base, messages), () => true).map((path) => relative(base, path))
    const paths = new Set([...filesOf(fresh), ...filesOf(root), descriptors])
    const ofProtocol = [...paths].filter((path) => read(join(fresh, path)) !== read(join(root, path)))
    return read(join(root, packageFacts)) === writePackageFacts() ? ofProtocol : [...ofProtocol, packageFacts]
  })
}

async function inFreshFolder(use) {
  const fresh = mkdtempSync(join(tmpdir(), 'snakepit-generate-'))
  try {
    await mustRun([...tool('buf'), 'generate', '--output', fresh])
    const target = join(fresh, descriptors)
    mkdirSync(join(target, '..'), { recursive: true })
    await mustRun([...tool('buf'), 'build', '-o', target])
    return await use(fresh)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

function read(path) {
  return existsSync(path) ? readFileSync(path, 'latin1') : undefined
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (process.argv.includes('--check')) {
    const paths = await outdated()
    for (const path of paths) console.error(`${path} is out of date: run npm run generate`)
    process.exitCode = paths.length > 0 ? 1 : 0
  } else {
    await generate()
  }
}
