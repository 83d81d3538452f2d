// The runtimes and tools that are tried: those of npm, loaded into .cache/compat once.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, runCommand } from '../steps/command.mjs'

const { platform, arch } = process
const system = platform === 'win32' ? 'win' : platform
const libc = platform === 'linux' ? '-glibc' : ''

/** What is loaded for each, and the file in it that is run. */
const loaded = {
  'Node 22': { install: `node22@npm:node-${system}-${arch}@22`, file: 'node22/bin/node' },
  'Node 24': { install: `node24@npm:node-${system}-${arch}@24`, file: 'node24/bin/node' },
  Bun: {
    install: `@oven/bun-${platform}-${arch === 'arm64' ? 'aarch64' : arch}`,
    file: `@oven/bun-${platform}-${arch === 'arm64' ? 'aarch64' : arch}/bin/bun`,
  },
  Deno: { install: `@deno/${platform}-${arch}${libc}`, file: `@deno/${platform}-${arch}${libc}/deno` },
  pnpm: { install: 'pnpm', file: 'pnpm/bin/pnpm.mjs' },
  Jest: { install: 'jest', file: 'jest/bin/jest.js' },
}

/**
 * A runtime or tool.
 *
 * @param {keyof typeof loaded} name
 * @returns {Promise<{ path: string, version: string } | { missing: string }>}
 */
export async function runtime(name) {
  const { install, file } = loaded[name]
  const folder = join(root, '.cache', 'compat', name.replaceAll(/\W/g, '').toLowerCase())
  const path = join(folder, 'node_modules', file)
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{ "private": true }')
    const command = ['npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', install]
    const { ok, output } = await runCommand(command, { cwd: folder })
    if (!ok || !existsSync(path)) return { missing: output.trim().split('\n')[0] ?? 'npm did not install it' }
  }
  const manifest = join(folder, 'node_modules', ...packageOf(file), 'package.json')
  return { path, version: JSON.parse(readFileSync(manifest, 'utf8')).version }
}

function packageOf(file) {
  const [first, second] = file.split('/')
  return first.startsWith('@') ? [first, second] : [first]
}
