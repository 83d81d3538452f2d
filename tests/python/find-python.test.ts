// Which interpreter is taken, and what is said of those that are not.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findPython } from '../../src/python/find-python.js'
import { type PythonOptions, resolvePythonOptions } from '../../src/python/python-options.js'
import { resolvePython } from '../../src/python/resolve-python.js'
import { basePython, fixture, fullPython, rejection, Sandbox } from './sandbox.js'

function search(sandbox: Sandbox, options: PythonOptions = {}) {
  const { cwd, environment } = sandbox
  return findPython(resolvePythonOptions({ cwd, environment, ...options }))
}

test('ENV-01: an interpreter that is named by option is used', async () => {
  using sandbox = new Sandbox()
  const { found } = await search(sandbox, { python: fullPython })
  assert.is(found?.source, 'option')
  assert.match(String(found?.interpreter.version), /^3\.1\d\.\d+$/)
})

test('ENV-01: the option may be a command on PATH', async () => {
  using sandbox = new Sandbox()
  sandbox.onPath('my-python', sandbox.venv('somewhere', { full: true }))
  const { found } = await search(sandbox, { python: 'my-python' })
  assert.is(found?.source, 'option')
})

test('ENV-01: SNAKEPIT_PYTHON comes before environments', async () => {
  using sandbox = new Sandbox()
  sandbox.venv('.venv', { full: true })
  sandbox.environment.SNAKEPIT_PYTHON = fullPython
  assert.is((await search(sandbox)).found?.source, 'env')
})

test('ENV-01: the active environment comes before .venv', async () => {
  using sandbox = new Sandbox()
  const active = sandbox.venv('active', { full: true })
  sandbox.venv('.venv', { full: true })
  sandbox.environment.VIRTUAL_ENV = join(sandbox.cwd, 'active')
  const { found } = await search(sandbox)
  assert.is(found?.source, 'venv')
  assert.is(found?.interpreter.executable, active)
})

test('ENV-01: a .venv in the working directory is used', async () => {
  using sandbox = new Sandbox()
  const python = sandbox.venv('.venv', { full: true })
  const { found } = await search(sandbox)
  assert.is(found?.source, 'dot-venv')
  assert.is(found?.interpreter.executable, python)
})

test('ENV-01: PATH is the last resort, and bare interpreters are kept as a base for an environment', async () => {
  using sandbox = new Sandbox()
  const bare = sandbox.venv('.venv', { full: false })
  sandbox.onPath('python3', fixture('exits_with_1.sh'))
  const full = sandbox.venv('full', { full: true })
  sandbox.onPath('python', full)
  const { found, rejected } = await search(sandbox)
  assert.is(found?.source, 'path')
  assert.is(found?.interpreter.executable, full)
  assert.match(String(rejected[0]?.candidate), bare)
  assert.match(String(rejected[0]?.reason), /lacks grpcio, lacks protobuf, lacks msgspec/)
})

test('ENV-01: every misbehaving interpreter is rejected with its own reason', async () => {
  using sandbox = new Sandbox()
  sandbox.onPath('python3', fixture('prints_garbage.sh'))
  sandbox.onPath('python3.14', fixture('claims_2_7.sh'))
  sandbox.onPath('python3.13', fixture('exits_with_1.sh'))
  sandbox.onPath('python', fixture('never_answers.sh'))
  sandbox.environment.PATH = `${sandbox.bin}:/usr/bin-that-is-not-there`
  sandbox.environment.CONDA_PREFIX = join(sandbox.folder, 'gone')
  mkdirSync(join(sandbox.cwd, '.venv', 'bin', 'python'), { recursive: true })
  const error = await rejection(
    resolvePython({ cwd: sandbox.cwd, environment: sandbox.environment, probeTimeout: 500 }),
  )
  assert.is(error.code, 'python_not_found')
  const message = error.message.replaceAll(sandbox.folder, '')
  assert.match(message, '/gone/bin/python (CONDA_PREFIX): not found')
  assert.match(message, '/project/.venv/bin/python (.venv): is a directory')
  assert.match(message, '/bin/python3 (PATH): not Python: it said "Welcome! How may I help you?"')
  assert.match(message, '/bin/python3.14 (PATH): too old: Python 2.7.18, needs 3.10 or newer')
  assert.match(message, '/bin/python3.13 (PATH): left with status 1: it said "python: command not found in this')
  assert.match(message, '/bin/python (PATH): did not answer in 0.5 s')
})

for (const [name, reason] of [
  ['not_executable.sh', /: not executable/],
  ['prints_garbage.sh', /: not Python/],
  ['claims_2_7.sh', /: too old: Python 2\.7\.18, needs 3\.10 or newer/],
  ['no_such_file.sh', /: not found/],
  ['.', /: is a directory/],
] as const) {
  test(`ENV-01: a named interpreter that will not do is an error, although others would (${name})`, async () => {
    using sandbox = new Sandbox()
    sandbox.venv('.venv', { full: true })
    const error = await rejection(search(sandbox, { python: fixture(name) }))
    assert.is(error.code, 'python_not_found')
    assert.match(error.message, /^expected `python` to name a Python 3\.10 or newer, got '/)
    assert.match(error.message, reason)
  })
}

test('ENV-01: a folder given for an interpreter is told apart from the interpreter in it', async () => {
  using sandbox = new Sandbox()
  const python = sandbox.venv('tools', { full: true })
  const error = await rejection(search(sandbox, { python: './tools' }))
  assert.match(error.message, `is a directory; its interpreter is ${python}`)
})

test('ENV-01: a named interpreter without packages is an error with the command that installs them', async () => {
  using sandbox = new Sandbox()
  const python = sandbox.venv('bare', { full: false })
  const error = await rejection(search(sandbox, { python, requirements: ['six>=1'] }))
  assert.is(error.code, 'environment_failed')
  assert.match(error.message, `${python} -m pip install 'grpcio`)
  assert.match(error.message, `'six>=1'`)
})

test('ENV-01: what an interpreter prints before its answer does no harm', async () => {
  using sandbox = new Sandbox()
  const wrapper = join(sandbox.folder, 'python')
  const script = `#!/bin/sh\nREAL_PYTHON='${fullPython}' exec '${fixture('chatters_first.sh')}' "$@"\n`
  writeFileSync(wrapper, script, { mode: 0o755 })
  assert.is((await search(sandbox, { python: wrapper })).found?.source, 'option')
})

test('ENV-01: an aborted search rejects with the reason of the signal', async () => {
  using sandbox = new Sandbox()
  const reason = new Error('no longer wanted')
  const controller = new AbortController()
  const { cwd, environment } = sandbox
  const search = resolvePython({ cwd, environment, python: fixture('never_answers.sh'), signal: controller.signal })
  controller.abort(reason)
  assert.is(await rejection(search), reason)
})

test('ENV-03: user requirements decide whether an interpreter will do', async () => {
  using sandbox = new Sandbox()
  sandbox.venv('.venv', { full: true })
  const met = await search(sandbox, { requirements: ['pytest>=5', 'msgspec', 'x; python_version < "3"'] })
  assert.is(met.found?.source, 'dot-venv')
  const unmet = await search(sandbox, { requirements: ['pytest>=5000', 'no-such-package'] })
  assert.is(unmet.found, undefined)
  assert.match(String(unmet.rejected[0]?.reason), /has pytest [\d.]+, not 'pytest>=5000', lacks no-such-package/)
})

test('ENV-03: requirements are judged without the packaging library too', async () => {
  using sandbox = new Sandbox()
  const python = sandbox.venv('plain', { full: false })
  const purelib = join(python, '..', '..', 'lib', `python${await versionOf(python)}`, 'site-packages')
  for (const [name, version] of [
    ['alpha', '1.4.2'],
    ['beta', '2.0rc1'],
  ] as const) {
    mkdirSync(join(purelib, `${name}-${version}.dist-info`))
    writeFileSync(join(purelib, `${name}-${version}.dist-info`, 'METADATA'), `Name: ${name}\nVersion: ${version}\n`)
  }
  const asked = [
    'alpha~=1.4',
    'alpha~=1.3.0',
    'alpha>=1.4,<2',
    'alpha==1.*',
    'alpha!=1.4.2',
    'beta>=1',
    'gamma',
    'x; y',
    '!',
  ]
  const error = await rejection(search(sandbox, { python, requirements: asked }))
  const missing = (error as unknown as { details: { missing: { requirement: string; fits: boolean | null }[] } })
    .details.missing
  const verdicts = Object.fromEntries(missing.map(({ requirement, fits }) => [requirement, fits]))
  for (const requirement of ['alpha~=1.4', 'alpha>=1.4,<2', 'alpha==1.*']) assert.not.ok(requirement in verdicts)
  for (const requirement of ['alpha~=1.3.0', 'alpha!=1.4.2', 'gamma']) assert.is(verdicts[requirement], false)
  for (const requirement of ['beta>=1', 'x; y', '!']) assert.is(verdicts[requirement], null)
})

test('ENV-01: the base interpreter of the tests is a good candidate on PATH', async () => {
  using sandbox = new Sandbox()
  sandbox.onPath('python3', basePython)
  const { found, bare } = await search(sandbox)
  assert.ok(found ?? bare[0])
})

async function versionOf(python: string): Promise<string> {
  const { execFileSync } = await import('node:child_process')
  return execFileSync(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], { encoding: 'utf8' }).trim()
}

test.run()
