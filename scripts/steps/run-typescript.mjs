// Sets up what is missing, then runs one TypeScript program of this repository.
import { spawnSync } from 'node:child_process'
import { setupOrExit } from '../setup.mjs'
import { root } from './command.mjs'

/** Runs `file` (relative to the root) with the arguments of this process; its status becomes ours. */
export async function runTypeScript(file) {
  await setupOrExit({ python: 'none' })
  const args = ['--import', 'tsx', file, ...process.argv.slice(2)]
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
  process.exitCode = status ?? 1
}
