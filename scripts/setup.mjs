// Everything that must be there before the project can be built and tested. Runs before node_modules exists.
//
//     node scripts/setup.mjs [none | runtime | dev | demo]
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { mustRun, root, runCommand } from './steps/command.mjs'
import { setupDevPython } from './steps/python-dev.mjs'

/**
 * Installs what is missing or out of date; a second run installs nothing.
 *
 * @param {{ python?: 'none' | 'runtime' | 'dev' | 'demo', say?: (line: string) => void }} [options]
 *   `dev` adds the Python of the tests. `runtime` and `demo` need none of ours: the library builds its own when it runs
 */
export async function setup({ python = 'dev', say = (line) => console.log(line) } = {}) {
  await setupNode(say)
  if (python === 'dev') await setupDevPython(say)
}

async function setupNode(say) {
  const stamp = join(root, 'node_modules', '.snakepit-setup')
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  say('installing node_modules (npm ci)')
  const exact = await runCommand(['npm', 'ci', ...quiet], { timeout: npmTimeout })
  if (!exact.ok) {
    if (!lacksOnlyPlatforms(exact.output)) throw new Error(`npm ci: status ${exact.status}\n${exact.output.trim()}`)
    // An index that does not hold the packages of every platform leaves gaps in the lock file, which `npm ci` refuses.
    say('the lock file does not cover every platform; installing what it does (npm install --no-save)')
    await mustRun(['npm', 'install', '--no-save', ...quiet], { timeout: npmTimeout })
  }
  writeFileSync(stamp, wanted)
}

const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
const npmTimeout = 900_000

/** True when all that `npm ci` misses are packages without a version: optional ones, made for other machines. */
function lacksOnlyPlatforms(output) {
  const missing = output.match(/Missing: \S+ from lock file/g) ?? []
  return missing.length > 0 && missing.every((line) => line.endsWith('@ from lock file')) && !/Invalid: /.test(output)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const kinds = ['none', 'runtime', 'dev', 'demo']
  const python = process.argv[2] ?? 'dev'
  if (!kinds.includes(python)) {
    console.error(`expected one of ${kinds.join(', ')}, got '${python}'`)
    process.exit(2)
  }
  try {
    await setup({ python })
    console.log('ready')
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
}
