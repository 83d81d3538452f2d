// What a Python process gets to see of its host.
import { availableParallelism } from 'node:os'
import { delimiter } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  childEnvironment,
  installEnvironment,
  resolveEnvironmentOptions,
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
  const child = childEnvironment(plain, 1, secrets)
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
  const child = childEnvironment(plain, 1, needed)
  for (const [name, value] of Object.entries(needed)) assert.is(child[name], value, name)
})

test('SEC-04: what the user adds is added, and wins', () => {
  const { env, inheritEnv } = resolveEnvironmentOptions({ env: { MY_TOKEN: 't', TZ: 'UTC', PYTHONPATH: '/mine' } })
  const child = childEnvironment({ env, inheritEnv }, 1, { TZ: 'CET', PYTHONPATH: '/not/asked/for' })
  assert.is(child.MY_TOKEN, 't')
  assert.is(child.TZ, 'UTC')
  assert.is(child.PYTHONPATH, `${bridgePath()}${delimiter}/mine`)
})

test('SEC-04: inheritEnv hands everything over', () => {
  const settings = resolveEnvironmentOptions({ inheritEnv: true })
  assert.is(childEnvironment(settings, 1, { GITHUB_TOKEN: 'x' }).GITHUB_TOKEN, 'x')
})

test('SEC-04: number libraries share the cores, unless the user says otherwise', () => {
  const share = (size: number) => String(Math.max(1, Math.floor(availableParallelism() / size)))
  assert.is(childEnvironment(plain, 2, {}).OMP_NUM_THREADS, share(2))
  assert.is(childEnvironment(plain, 1000, {}).MKL_NUM_THREADS, '1')
  assert.is(childEnvironment(plain, 2, { OMP_NUM_THREADS: '7' }).OMP_NUM_THREADS, '7')
  const own = resolveEnvironmentOptions({ env: { OPENBLAS_NUM_THREADS: '3' } })
  assert.is(childEnvironment(own, 2, {}).OPENBLAS_NUM_THREADS, '3')
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
  })
  assert.equal(Object.keys(seen).sort(), ['HTTPS_PROXY', 'PIP_INDEX_URL', 'UV_INDEX_URL'])
})

test.run()
