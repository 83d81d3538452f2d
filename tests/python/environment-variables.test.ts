// What a Python process gets to see of its host.
import { availableParallelism } from 'node:os'
import { delimiter } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  installEnvironment,
  resolveEnvironmentOptions,
  workerEnvironment,
} from '../../src/python/environment-variables.js'
import { bridgePath } from '../../src/python/package-files.js'

const plain = resolveEnvironmentOptions()

test('SEC-04: secrets of the host do not reach the child', () => {
  const secrets = {
    AWS_SECRET_ACCESS_KEY: 'x',
    GITHUB_TOKEN: 'x',
    DATABASE_URL: 'x',
    HF_TOKEN: 'x',
    NVIDIA_API_KEY: 'x',
    OPENAI_API_KEY: 'x',
    NODE_OPTIONS: 'x',
    HTTPS_PROXY: 'http://me:pass@proxy:3128',
  }
  const child = workerEnvironment(plain, 1, secrets).variables
  for (const name of Object.keys(secrets)) assert.is(child[name], undefined, name)
})

test('SEC-04: what models and programs need does', () => {
  const needed = {
    PATH: '/bin',
    HOME: '/home/me',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    CUDA_VISIBLE_DEVICES: '1',
    HF_HOME: '/models',
    XDG_CACHE_HOME: '/cache',
    SSL_CERT_FILE: '/etc/ca.pem',
    https_proxy: 'http://proxy:3128',
  }
  const child = workerEnvironment(plain, 1, needed).variables
  for (const [name, value] of Object.entries(needed)) assert.is(child[name], value, name)
})

test('SEC-04, PROC-02: what the user adds is added, and wins', () => {
  const settings = resolveEnvironmentOptions({ env: { MY_TOKEN: 't', TZ: 'UTC', PYTHONPATH: '/mine' } })
  const { variables, pythonPath } = workerEnvironment(settings, 1, { TZ: 'CET', PYTHONPATH: '/the/host/s' })
  assert.is(variables.MY_TOKEN, 't')
  assert.is(variables.TZ, 'UTC')
  assert.is(variables.PYTHONPATH, `${bridgePath()}${delimiter}/mine`)
  assert.is(pythonPath, '/mine')
})

test('SEC-04, PROC-02: nothing is there that the user did not say, but the way to the bridge', () => {
  const parent = {
    PATH: '/bin',
    PYTHONPATH: '/libs',
    PYTHONWARNINGS: 'error',
    PYTHONHOME: '/other',
    PYTHONINSPECT: '1',
  }
  const { variables, pythonPath } = workerEnvironment(plain, 1, parent)
  const PYTHONPATH = `${bridgePath()}${delimiter}/libs`
  assert.equal(variables, { PATH: '/bin', PYTHONWARNINGS: 'error', PYTHONPATH })
  assert.is(pythonPath, '/libs')
  assert.equal(workerEnvironment(plain, 1, {}).variables, { PYTHONPATH: bridgePath() })
  assert.is(workerEnvironment(plain, 1, {}).pythonPath, undefined)
})

test('SEC-04: inheritEnv hands everything over', () => {
  const settings = resolveEnvironmentOptions({ inheritEnv: true })
  const { variables, heldBack } = workerEnvironment(settings, 1, { GITHUB_TOKEN: 'x' })
  assert.is(variables.GITHUB_TOKEN, 'x')
  assert.equal(heldBack, [])
})

test('SEC-04: passEnv hands over what it names, by name or by the beginning of a name', () => {
  const parent = { OPENAI_API_KEY: 'a', OPENAI_ORG_ID: 'b', HF_TOKEN: 'c', DATABASE_URL: 'd', DATABASE_URL_2: 'e' }
  const settings = resolveEnvironmentOptions({ passEnv: ['OPENAI_*', 'DATABASE_URL', 'NOT_THERE'] })
  const { variables, heldBack } = workerEnvironment(settings, 1, parent)
  const { PYTHONPATH: _, ...seen } = variables
  assert.equal(seen, { OPENAI_API_KEY: 'a', OPENAI_ORG_ID: 'b', DATABASE_URL: 'd' })
  assert.equal(heldBack, ['HF_TOKEN', 'DATABASE_URL_2'])
  const both = resolveEnvironmentOptions({ passEnv: ['HF_TOKEN'], env: { HF_TOKEN: 'mine' } })
  assert.is(workerEnvironment(both, 1, parent).variables.HF_TOKEN, 'mine')
})

test('SEC-04: a passEnv that names nothing is refused', () => {
  const refused = (passEnv: unknown, pattern: RegExp) =>
    assert.throws(
      () => resolveEnvironmentOptions({ passEnv: passEnv as string[] }),
      (error: { code: string; message: string }) => error.code === 'invalid_option' && pattern.test(error.message),
    )
  refused('HF_TOKEN', /expected `passEnv` to be a list of names, got 'HF_TOKEN'/)
  refused(['HF_TOKEN', 7], /expected `passEnv\[1\]` to be a name, .*got 7/)
  refused(['*'], /`inheritEnv: true` passes everything/)
  for (const name of ['', 'A=B', 'A*B', '*_KEY', 'A**']) refused([name], /expected `passEnv\[0\]`/)
})

test('SEC-04, PROC-02: number libraries share the cores, unless the user says otherwise', () => {
  const share = (size: number) => String(Math.max(1, Math.floor(availableParallelism() / size)))
  const limits = (size: number, parent: NodeJS.ProcessEnv = {}, settings = plain) =>
    workerEnvironment(settings, size, parent).limits
  assert.is(limits(2).OMP_NUM_THREADS, share(2))
  assert.is(limits(1000).MKL_NUM_THREADS, '1')
  // The other libraries go by it where they have no bound of their own.
  assert.equal(limits(2, { OMP_NUM_THREADS: '7' }), {})
  const own = resolveEnvironmentOptions({ env: { OPENBLAS_NUM_THREADS: '3' } })
  assert.equal(Object.keys(limits(2, {}, own)).sort(), ['MKL_NUM_THREADS', 'OMP_NUM_THREADS'])
})

test('SEC-04: a name or value that no environment can hold is refused', () => {
  const refused = (env: unknown, pattern: RegExp) =>
    assert.throws(
      () => resolveEnvironmentOptions({ env: env as Record<string, string> }),
      (error: { code: string; message: string }) => error.code === 'invalid_option' && pattern.test(error.message),
    )
  refused({ 'A=B': 'x' }, /names hold neither "=" nor NUL, got 'A=B'/)
  refused({ '': 'x' }, /neither "=" nor NUL/)
  refused({ PORT: 80 }, /expected `env\.PORT` to be a text, got 80 \(number\)/)
  refused({ A: 'secret\0' }, /without NUL, got '6 characters/)
  refused(['A'], /an array of 1/)
})

test('ENV-03: the installer sees its own configuration, but nothing that would install elsewhere', () => {
  const seen = installEnvironment({
    PIP_INDEX_URL: 'https://me:pass@index',
    UV_INDEX_URL: 'https://index',
    HTTPS_PROXY: 'http://me:pass@proxy',
    PIP_TARGET: '/elsewhere',
    UV_SYSTEM_PYTHON: '1',
    GITHUB_TOKEN: 'x',
    PYTHONPATH: '/libs',
    VIRTUAL_ENV: '/venv',
  })
  assert.equal(Object.keys(seen).sort(), ['HTTPS_PROXY', 'PIP_INDEX_URL', 'UV_INDEX_URL'])
})

test.run()
