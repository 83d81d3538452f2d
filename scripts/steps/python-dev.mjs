// The Python that the project's own tests and checks run on: one virtual environment in .cache, stamped by its contents.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, runCommand } from './command.mjs'
import { commandFailure, SetupFailure } from './setup-failure.mjs'

const folder = join(root, '.cache', 'python-dev')
const stampFile = join(folder, 'snakepit-setup')
const requirements = ['requirements.lock', 'requirements-dev.txt'].map((name) => join(root, 'bridge-py', name))
const programs = process.platform === 'win32' ? join(folder, 'Scripts') : join(folder, 'bin')

/** The interpreter of that environment. */
export const devPython = join(programs, process.platform === 'win32' ? 'python.exe' : 'python')

/** Builds the environment unless it stands. `say` is told before anything takes long. */
export async function setupDevPython(say) {
  const wanted = hash()
  if (existsSync(devPython) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return
  say('building the Python environment for tests (.cache/python-dev)')
  rmSync(folder, { recursive: true, force: true })
  const base = await findBase()
  const files = requirements.flatMap((file) => ['--requirement', file])
  if ((await runCommand(['uv', '--version'], { timeout: 10_000 })).ok) {
    await step(['uv', 'venv', '--no-project', '--python', base, folder])
    await step(['uv', 'pip', 'install', '--python', devPython, ...files])
  } else {
    await step([base, '-m', 'venv', folder])
    await step([devPython, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...files])
  }
  writeFileSync(stampFile, wanted)
}

async function step(command) {
  const result = await runCommand(command)
  if (result.ok) return
  const what = 'the Python environment for tests could not be built'
  throw commandFailure(what, command.join(' '), result, root)
}

/** The first Python of PATH that is new enough; a shim that leads nowhere is passed over. */
async function findBase() {
  const question = 'import sys; print(sys.executable if sys.version_info >= (3, 10) else "")'
  for (const name of ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3.14', 'python']) {
    const { ok, stdout } = await runCommand([name, '-E', '-c', question], { timeout: 10_000 })
    if (ok && stdout.trim() !== '') return stdout.trim()
  }
  throw new SetupFailure(
    'Set-up failed: there is no Python 3.10 or newer on PATH, and the tests need one. Install it, then run this again.',
  )
}

function hash() {
  const digest = createHash('sha256')
  for (const file of requirements) digest.update(readFileSync(file))
  return digest.digest('hex')
}
