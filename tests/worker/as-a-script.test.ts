// A worker's process, and what it starts, as the author of a script expects them.
import { writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { PythonError } from '../../src/index.js'
import { bridgePath } from '../../src/python/package-files.js'
import { failsWith } from '../support/errors.js'
import { adapterOf, openOne } from '../support/pit.js'
import { rejection } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary.js'

const adapter = adapterOf(import.meta.url, 'as_a_script.py')
const beside = dirname(adapter)
const libraries = temporaryFolder()
writeFileSync(join(libraries, 'vendored.py'), 'ORIGIN = "PYTHONPATH of the host"\n')

// The host as programs have it, whatever this machine sets.
process.env.PYTHONPATH = libraries
process.env.SERVICE_API_KEY = 'canary'
const ours = /^(PYTHON(UNBUFFERED|SAFEPATH|UTF8|IOENCODING|FAULTHANDLER)|GRPC_(?!DEFAULT)|\w+_NUM_THREADS|SNAKEPIT)/
for (const name of Object.keys(process.env)) {
  if (ours.test(name) && name !== 'SNAKEPIT_PYTHON') delete process.env[name]
}

type Seen = { argv: string[]; path: string[]; environment: Record<string, string>; main: string; name: string }
const pit = await openOne(adapter)
test.after(() => pit.close())

test('PROC-02: the command line has the adapter and nothing of ours, from the first import on', async () => {
  assert.equal((await pit.execute<Seen>('at_import')).argv, [adapter])
  const { argv, main } = await pit.execute<Seen>('now')
  assert.equal(argv, [adapter])
  assert.is(main, adapter)
  assert.is(await pit.execute('parses'), 3)
})

test('PROC-02: the command line of a module is what `python -m` makes of it', async () => {
  await using byName = await openOne('as_a_script', { cwd: beside })
  assert.equal((await byName.execute<Seen>('at_import')).argv, [adapter])
  assert.is((await byName.execute<Seen>('now')).path[0], beside)
})

test('PROC-02, SEC-04: modules are looked for beside the adapter, then on the PYTHONPATH of the host', async () => {
  const { path, name } = await pit.execute<Seen>('now')
  assert.is(name, 'neighbour')
  assert.equal(path.slice(0, 2), [beside, libraries])
  assert.is(path.indexOf(bridgePath()), path.length - 1)
  assert.is(await pit.execute('origin_of', { module: 'vendored' }), 'PYTHONPATH of the host')
  const more = temporaryFolder()
  await using own = await openOne(adapter, { env: { PYTHONPATH: [more, libraries].join(delimiter) } })
  assert.equal((await own.execute<Seen>('now')).path.slice(0, 3), [beside, more, libraries])
})

test('PROC-02, SEC-04: the environment is what the user says and nothing else, from the first import on', async () => {
  for (const tool of ['at_import', 'now']) {
    const { environment } = await pit.execute<Seen>(tool)
    assert.is(environment.PYTHONPATH, libraries)
    isTheUsers(environment)
  }
})

test('PROC-02, SEC-04: number libraries find their bound in the worker, and the user’s own where there is one', async () => {
  assert.match(String(await pit.execute('limit', { name: 'OMP_NUM_THREADS' })), /^\d+$/)
  await using own = await openOne(adapter, { env: { OMP_NUM_THREADS: '3' } })
  assert.is(await own.execute('limit', { name: 'OMP_NUM_THREADS' }), '3')
  assert.is(await own.execute('limit', { name: 'OPENBLAS_NUM_THREADS' }), null)
  const { environment } = await own.execute<Seen>('child', { how: 'run' })
  assert.is(environment.OMP_NUM_THREADS, '3')
})

for (const how of ['run', 'environment', 'asyncio', 'popen', 'system', 'fork']) {
  test(`PROC-02: a script that a tool starts sees nothing of ours: ${how}`, async () => {
    const { environment, safe, name } = await pit.execute<Seen & { safe: boolean }>('child', { how })
    assert.is(name, 'neighbour')
    assert.is(safe, false)
    assert.is(environment.PYTHONPATH, libraries)
    isTheUsers(environment)
  })
}

for (const method of ['spawn', 'forkserver', 'fork']) {
  test(`PROC-02: children of multiprocessing: ${method}`, async () => {
    const { squares, environment, argv } = await pit.execute<Seen & { squares: number[] }>('pool', { method })
    assert.equal(squares, [1, 4, 9])
    assert.equal(argv, [adapter])
    isTheUsers(environment)
    assert.equal(await pit.execute('executor', { method }), [1, 4, 9])
  })
}

test('SEC-04: an error about a variable that was held back says how to pass it on', async () => {
  for (const tool of ['needs', 'complains']) {
    const error = await rejection(pit.execute(tool, { name: 'SERVICE_API_KEY' }))
    assert.instance(error, PythonError)
    assert.match((error as PythonError).notes.join('\n'), /SERVICE_API_KEY.*`passEnv: \['SERVICE_API_KEY'\]`/)
    assert.match((error as PythonError).message, /\n.*`passEnv: \['SERVICE_API_KEY'\]`/)
    assert.not.match(JSON.stringify((error as PythonError).exception), /canary/)
  }
  const missing = (await rejection(pit.execute('needs', { name: 'NOBODY_HAS_THIS' }))) as PythonError
  assert.equal(missing.notes, [])
  await using passed = await openOne(adapter, { passEnv: ['SERVICE_*'] })
  assert.is(await passed.execute('needs', { name: 'SERVICE_API_KEY' }), 'canary')
})

test('SEC-04: so does a start that fails for it', async () => {
  const needy = join(temporaryFolder(), 'needy.py')
  writeFileSync(needy, 'import os\nKEY = os.environ["SERVICE_API_KEY"]\n')
  await failsWith(openOne(needy), 'worker_start_failed', /KeyError: .*`passEnv: \['SERVICE_API_KEY'\]`/)
})

function isTheUsers(environment: Readonly<Record<string, string>>): void {
  const { SERVICE_API_KEY } = environment
  assert.is(SERVICE_API_KEY, undefined)
  assert.equal(
    Object.keys(environment).filter((name) => ours.test(name)),
    [],
  )
  assert.not.ok(environment.PYTHONPATH?.includes(bridgePath()))
}

test.run()
