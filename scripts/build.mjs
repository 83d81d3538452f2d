// Compiles the package into dist, from nothing.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, runCommand } from './steps/command.mjs'
import { embedBridge } from './steps/embed-bridge.mjs'
import { tool } from './steps/node-tool.mjs'

/** Builds; gives what the compiler said. */
export async function build() {
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  const compiled = await runCommand([...tool('tsc'), '--project', 'tsconfig.build.json'])
  if (compiled.ok) embedBridge()
  return compiled
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { ok, output, seconds } = await build()
  if (!ok) console.error(output.trim())
  else console.log(`built dist in ${seconds.toFixed(1)} s`)
  process.exitCode = ok ? 0 : 1
}
