// What a worker sees of the host's environment: an allow-list, and what the program adds.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { failsWith } from '../support/errors.js'
import { adapterOf, openOne } from '../support/pit.js'
import { temporaryFolder } from '../support/temporary.js'

const adapter = adapterOf(import.meta.url, 'surroundings.py')
const planted = {
  SECRET_CANARY: 'canary-1',
  AWS_SECRET_ACCESS_KEY: 'canary-2',
  NODE_OPTIONS: '--no-warnings',
  LC_ALL: 'C',
}

test('SEC-04, guarantee:G28: secrets of the host do not reach the worker, nor what it starts', async () => {
  await withEnvironment(planted, async () => {
    await using pit = await openOne(adapter)
    const seen = await pit.execute<Record<string, string>>('environment')
    assert.is(seen.SECRET_CANARY, undefined)
    assert.is(seen.AWS_SECRET_ACCESS_KEY, undefined)
    assert.is(seen.NODE_OPTIONS, undefined)
    assert.is(seen.PATH, process.env.PATH)
    assert.not.match(JSON.stringify(seen), /canary/)
    assert.is(await pit.execute('child_environment', { name: 'SECRET_CANARY' }), '')
  })
})

test('SEC-04: what the program adds is there; inheritEnv hands over everything', async () => {
  await withEnvironment(planted, async () => {
    await using some = await openOne(adapter, { env: { MODEL_DIR: '/models', PATH: process.env.PATH ?? '' } })
    assert.is((await some.execute<Record<string, string>>('environment')).MODEL_DIR, '/models')
    await using all = await openOne(adapter, { inheritEnv: true })
    assert.is((await all.execute<Record<string, string>>('environment')).SECRET_CANARY, 'canary-1')
  })
})

test('SEC-04, guarantee:G35: what steers Python, gRPC and proxies elsewhere does no harm here', async () => {
  const folder = temporaryFolder()
  const elsewhere = {
    http_proxy: 'http://127.0.0.1:9',
    HTTPS_PROXY: 'http://127.0.0.1:9',
    grpc_proxy: 'http://127.0.0.1:9',
    PYTHONSTARTUP: join(folder, 'evil.py'),
    PYTHONHOME: folder,
    PYTHONPATH: folder,
    LANG: 'C',
    LC_ALL: 'C',
    HOME: '/nonexistent',
  }
  await withEnvironment(elsewhere, async () => {
    for (const transport of [{}, { basePort: 0 }]) {
      await using pit = await openOne(adapter, transport)
      const seen = await pit.execute<Record<string, string>>('environment')
      assert.is(seen.PYTHONHOME, undefined)
      assert.is(seen.PYTHONSTARTUP, undefined)
    }
  })
})

test('SEC-04, guarantee:G35: a working directory full of traps: nothing in it stands in for the standard library', async () => {
  const folder = temporaryFolder()
  for (const name of ['json.py', 'typing.py', 'msgspec.py', 'sitecustomize.py'])
    writeFileSync(join(folder, name), 'raise SystemExit(9)\n')
  mkdirSync(join(folder, 'grpc'))
  writeFileSync(join(folder, 'grpc', '__init__.py'), 'raise SystemExit(9)\n')
  await using pit = await openOne(adapter, { cwd: folder })
  const { cwd, stdin } = await pit.execute<{ cwd: string; stdin: string }>('place')
  assert.is(cwd, folder)
  assert.is(stdin, '/dev/null')
})

test('guarantee:G35: TMPDIR too long for a socket, with blanks and Unicode', async () => {
  const roots: string[] = []
  for (const name of ['with blanks and grüße', 'x'.repeat(200)]) {
    const root = mkdtempSync(join(tmpdir(), 'pit '))
    roots.push(root)
    mkdirSync(join(root, name))
    await withEnvironment({ TMPDIR: join(root, name) }, async () => {
      await using pit = await openOne(adapter)
      assert.equal(typeof (await pit.execute('environment')), 'object')
    })
  }
  for (const root of roots) rmSync(root, { recursive: true })
})

test('SEC-04: an adapter that is not where Python looks for it is found by its module name', async () => {
  const folder = temporaryFolder()
  writeFileSync(
    join(folder, 'my_tools.py'),
    'from snakepit_bridge import tool\n\n@tool\ndef one() -> int:\n    return 1\n',
  )
  await using pit = await openOne('my_tools', { cwd: folder })
  assert.is(await pit.execute('one'), 1)
  await failsWith(openOne('my_tools', { cwd: tmpdir() }), 'worker_start_failed', /my_tools/)
})

/** Runs with other variables, and puts the old ones back. */
async function withEnvironment(variables: Record<string, string>, act: () => Promise<void>): Promise<void> {
  const before = { ...process.env }
  Object.assign(process.env, variables)
  try {
    await act()
  } finally {
    for (const name of Object.keys(variables)) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
  }
}

test.run()
