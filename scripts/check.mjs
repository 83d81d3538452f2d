// Everything that can be said about the code without running it.
//
//     node scripts/check.mjs
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { setupOrExit } from './setup.mjs'
import { root, runCommand } from './steps/command.mjs'
import { tool } from './steps/node-tool.mjs'
import { devPython } from './steps/python-dev.mjs'
import { heading, showCheck } from './steps/summary.mjs'

const bridge = { cwd: join(root, 'bridge-py') }

/** The checks by name. */
const checks = {
  'biome (lint and format)': () => runCommand([...tool('biome'), 'ci', '--colors=off', '.']),
  'types (tsc)': () => runCommand([...tool('tsc'), '--noEmit']),
  'lock file': () => runCommand([process.execPath, 'scripts/check-lock.mjs']),
  layers: () => runCommand([process.execPath, 'scripts/check-layers.mjs']),
  'protocol (buf lint)': () => runCommand([...tool('buf'), 'lint']),
  'python lint (ruff)': () => runCommand([devPython, '-m', 'ruff', 'check', '.'], bridge),
  'python format (ruff)': () => runCommand([devPython, '-m', 'ruff', 'format', '--check', '.'], bridge),
  'python types (mypy)': () => runCommand([devPython, '-m', 'mypy', '--strict', 'src'], bridge),
}

/**
 * Runs all checks, two at a time; `onResult` is told of each as it ends.
 *
 * @returns {Promise<{ name: string, ok: boolean, output: string, seconds: number }[]>}
 */
export async function runChecks(onResult = () => {}) {
  const waiting = Object.entries(checks)
  const results = []
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [name, check] = next
      const result = { name, ...(await check()) }
      results.push(result)
      onResult(result)
    }
  }
  await Promise.all([lane(), lane()])
  return results
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await setupOrExit({ python: 'dev' })
  heading('checks')
  const results = await runChecks(showCheck)
  process.exitCode = results.every(({ ok }) => ok) ? 0 : 1
}
