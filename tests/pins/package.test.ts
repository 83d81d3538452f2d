// The package as it would be published: what is in it, and whether others can import it.
// timeout: 180 s
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { temporaryFolder } from '../support/temporary.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = temporaryFolder()

test('API-01: the packed package holds what it needs, and passes publint and attw', async () => {
  const { stdout } = await run('npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', folder)
  const packed = JSON.parse(stdout)
  const [{ filename, files }] = (Array.isArray(packed) ? packed : Object.values(packed)) as [
    { filename: string; files: { path: string }[] },
  ]
  const paths = files.map(({ path }) => path)
  for (const needed of [
    'dist/index.js',
    'dist/index.d.ts',
    'bridge-py/src/snakepit_bridge/__main__.py',
    'bridge-py/src/snakepit_bridge/_protocol/worker.binpb',
    'bridge-py/src/snakepit_bridge/py.typed',
    'bridge-py/requirements.txt',
    'bridge-py/requirements.lock',
    'README.md',
    'LICENSE',
  ]) {
    assert.ok(paths.includes(needed), needed)
  }
  assert.equal(
    paths.filter((path) => /__pycache__|\.pyc$|^tests\/|^src\//.test(path)),
    [],
  )
  const tarball = join(folder, filename)
  await run(process.execPath, 'node_modules/publint/src/cli.js', tarball, '--strict')
  await run(process.execPath, 'node_modules/@arethetypeswrong/cli/dist/index.js', tarball, '--profile', 'esm-only')
})

/** Runs a command at the root; what it printed is part of the error when it fails. */
async function run(command: string, ...args: string[]): Promise<{ stdout: string }> {
  try {
    return await promisify(execFile)(command, args, { cwd: root, timeout: 120_000, maxBuffer: 2 ** 24 })
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`)
  }
}

test.run()
