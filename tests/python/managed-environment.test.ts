// timeout: 300 s
// Environments that are built for real: by venv and pip, by uv, by two at once, and again after a half-done one.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pythonInside } from '../../src/python/command-path.js'
import { environmentFor } from '../../src/python/managed-environment.js'
import { probe } from '../../src/python/probe.js'
import { resolvePythonOptions } from '../../src/python/python-options.js'
import { resolvePython } from '../../src/python/resolve-python.js'
import { basePython, fixture, rejection, Sandbox } from './sandbox.js'

/** A sandbox whose only interpreter has no packages: whatever is needed must be built. */
function bareSandbox(): Sandbox {
  const sandbox = new Sandbox()
  sandbox.venv('.venv', { full: false })
  return sandbox.withSystemPath()
}

/** A uv of our own, kept between runs. */
function uv(): string {
  const folder = fileURLToPath(new URL('../../.cache/uv', import.meta.url))
  const program = join(dirname(pythonInside(folder)), 'uv')
  if (!existsSync(program)) {
    rmSync(folder, { recursive: true, force: true })
    execFileSync(basePython, ['-m', 'venv', folder])
    execFileSync(pythonInside(folder), ['-m', 'pip', 'install', '--quiet', 'uv'])
  }
  return program
}

async function resolveInChild({ environment, cwd }: Sandbox) {
  const child = spawn(process.execPath, ['--import', 'tsx', fixture('resolve_in_child.ts')], {
    env: { ...environment, TEST_CWD: cwd },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece) => {
    text += piece
  })
  await once(child, 'close')
  return JSON.parse(text) as { executable: string; built: boolean; source: string; lines: string[] }
}

test('ENV-02: of two processes that race, one builds with venv and pip, and both get the same environment', async () => {
  using sandbox = bareSandbox()
  const [one, other] = await Promise.all([resolveInChild(sandbox), resolveInChild(sandbox)])
  assert.is(one.executable, other.executable)
  assert.equal([one.built, other.built].sort(), [false, true])
  const waited = one.built ? other : one
  assert.ok(waited.lines.some((line) => /^waiting for process \d+, which is building/.test(line)))

  const lines: string[] = []
  const { cwd, environment } = sandbox
  const again = await resolvePython({ cwd, environment, onProgress: (line) => lines.push(line) })
  assert.is(again.executable, one.executable)
  assert.is(again.source, 'managed')
  assert.is(again.built, false)
  assert.equal(lines, [], 'the second time nothing is installed')
  assert.ok(again.packages.grpcio && again.packages.protobuf && again.packages.msgspec)
  assert.match(String(again.rejected[0]?.reason), /lacks grpcio/)
  assert.equal(readdirSync(join(sandbox.cache, 'environments')).length, 1, 'no lock is left')
})

test('ENV-02: uv builds it where there is a uv, and a half-built environment is built anew', async () => {
  using sandbox = bareSandbox()
  sandbox.onPath('uv', uv())
  const { cwd, environment } = sandbox
  const requirements = ['six', 'no-such-thing; python_version < "3"']
  const settings = resolvePythonOptions({ cwd, environment, requirements })
  const base = await probe(pythonInside(join(cwd, '.venv')), [], settings)
  assert.is(base.kind, 'python')
  if (base.kind !== 'python') return
  const { path } = environmentFor(base.interpreter, settings)
  mkdirSync(join(path, 'bin'), { recursive: true })
  writeFileSync(join(path, 'left-over'), '')

  const lines: string[] = []
  const built = await resolvePython({ cwd, environment, requirements, onProgress: (line) => lines.push(line) })
  assert.is(built.built, true)
  assert.is(built.environment, path)
  assert.ok(built.packages.six)
  assert.match(String(lines[0]), /^building a Python 3\.\d+\.\d+ environment with uv, this once: /)
  assert.not.ok(existsSync(join(path, 'left-over')))

  rmSync(built.executable)
  const mended = await resolvePython({ cwd, environment, requirements })
  assert.is(mended.built, true, 'an interpreter that was removed is not remembered, and its environment is built anew')
})

test('ENV-02: callers who ask at the same time share one build, and each may leave alone', async () => {
  using sandbox = bareSandbox()
  sandbox.onPath('uv', uv())
  const { cwd, environment } = sandbox
  const controller = new AbortController()
  const reason = new Error('I must go')
  const leaving = rejection(resolvePython({ cwd, environment, signal: controller.signal }))
  const staying = resolvePython({ cwd, environment })
  controller.abort(reason)
  assert.is(await leaving, reason)
  assert.is((await staying).built, true)
})

test('ENV-02: a failed installation shows the command, its last words and a hint, and is tried again', async () => {
  using sandbox = bareSandbox()
  sandbox.onPath('uv', uv())
  const { cwd, environment } = sandbox
  const options = { cwd, environment: { ...environment, UV_OFFLINE: '1', UV_NO_CACHE: '1' } }
  const error = await rejection(resolvePython(options))
  assert.is(error.code, 'environment_failed')
  assert.match(error.message, /could not be built: `.*uv pip install --python .*` left with status \d/)
  assert.match(error.message, /\n {2}\| /)
  assert.is((await rejection(resolvePython(options))).code, 'environment_failed')
})

test('ENV-02: a Python that was installed without venv says what to install', async () => {
  using sandbox = new Sandbox()
  const crippled = join(sandbox.cwd, '.venv', 'bin', 'python')
  mkdirSync(dirname(crippled), { recursive: true })
  const refusal = 'The virtual environment was not created successfully because ensurepip is not available.'
  const script = `#!/bin/sh
if [ "$1" = -m ]; then echo '${refusal}'; exit 1; fi
'${basePython}' "$@" | /bin/sed 's#"executable": "[^"]*"#"executable": "'"$0"'"#'
`
  writeFileSync(crippled, script, { mode: 0o755 })
  const { cwd, environment } = sandbox
  const error = await rejection(resolvePython({ cwd, environment, requirements: ['no-such-package-of-ours'] }))
  assert.is(error.code, 'environment_failed')
  assert.match(error.message, /-m venv .*` left with status 1\.\n {2}\| The virtual environment was not created/)
  assert.match(error.message, /apt install python3-venv/)
})

test.run()
