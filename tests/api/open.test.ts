// Opening and closing: ready workers, or at once the reason why there are none.
// timeout: 240 s
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Snakepit } from '../../src/index.js'
import { failsWith } from '../support/errors.js'
import { eventually } from '../support/eventually.js'
import { adapterOf, openOne, pidOf } from '../support/pit.js'
import { allGone, descendantsOf, isAlive, startedSince } from '../support/processes.js'
import { temporaryFolder } from '../support/temporary.js'
import { within } from '../support/within.js'

const adapter = (name: string) => adapterOf(import.meta.url, name)
const before = openThings()

test('API-01: opens with a ready worker, closes with nothing left', async () => {
  const pit = await Snakepit.open({ adapter: adapter('calls.py'), transport: 'grpc', size: 2 })
  await pit.ready()
  assert.equal(
    pit.workers().map(({ id, state }) => `${id} ${state}`),
    ['default-0 ready', 'default-1 ready'],
  )
  const pids = pit.workers().map((worker) => worker.info()?.pid ?? 0)
  const folders = pit.workers().map((worker) => folderOf(worker.info()?.transport.address ?? ''))
  assert.ok(pids.every(isAlive))
  await pit.close()
  await allGone(pids, 0)
  for (const folder of folders) assert.not.ok(readdirSync(tmpdir()).includes(folder), `${folder} is left`)
  await eventually(() => openThings().length <= before.length, `${before} instead of ${openThings()}`, 1000)
})

test('API-01: `await using` closes', async () => {
  let pid = 0
  {
    await using pit = await openOne(adapter('calls.py'))
    pid = pidOf(pit)
    assert.is(await pit.execute('add', { a: 1 }), 3)
  }
  assert.not.ok(isAlive(pid))
})

test('API-01: an adapter given as class, module or URL', async () => {
  const folder = new URL('adapters/', import.meta.url)
  await using asClass = await openOne(`${adapter('model.py')}:Model`)
  await using asModule = await openOne('model:Model', { cwd: adapter('.') })
  await using asUrl = await Snakepit.open({ adapter: new URL('calls.py', folder), size: 1 })
  await using relative = await openOne('./calls.py', { cwd: adapter('.') })
  assert.is((await asClass.execute<{ calls: number }>('predict')).calls, 1)
  assert.is((await asModule.execute<{ calls: number }>('predict')).calls, 1)
  assert.is(await asUrl.execute('add', { a: 1 }), 3)
  assert.is(await relative.execute('add', { a: 1 }), 3)
})

for (const what of ['search', 'build'] as const) {
  test(`API-01, ENV-02: a pool that cannot start ends the ${what} of another one, with all that it has started`, async () => {
    const folder = temporaryFolder()
    const pids = join(folder, 'pids')
    // Knows of no Python, if asked for one, and works for ever, through a process of its own.
    const slow = join(folder, 'uv')
    const work = `sleep 1000 &\necho $$ $! > '${pids}'\nwait\n`
    writeFileSync(slow, `#!/bin/sh\n[ "$1" = python ] && exit 1\n${work}`, { mode: 0o755 })
    const named = process.env.SNAKEPIT_PYTHON as string
    // The pool that fails does so once the other one is at work.
    const late = join(folder, 'late')
    writeFileSync(late, `#!/bin/sh\nuntil [ -s '${pids}' ]; do sleep 0.01; done\nexec '${named}' "$@"\n`, {
      mode: 0o755,
    })
    const env = { PATH: process.env.PATH, SNAKEPIT_CACHE: process.env.SNAKEPIT_CACHE }
    Object.assign(process.env, { PATH: `${folder}:/usr/bin:/bin`, SNAKEPIT_CACHE: join(folder, 'cache') })
    Reflect.deleteProperty(process.env, 'SNAKEPIT_PYTHON')
    try {
      const slowly = { requirements: ['a-package-that-nobody-has'], onSetup: () => undefined }
      const opening = Snakepit.open({
        adapter: adapter('raises_at_import.py'),
        size: 1,
        pools: { slow: what === 'build' ? slowly : { python: slow }, bad: { python: late } },
      })
      await failsWith(opening, 'worker_start_failed')
      const family = readFileSync(pids, 'utf8').trim().split(' ').map(Number)
      assert.is(family.length, 2)
      await allGone(family, 1000)
    } finally {
      Object.assign(process.env, { SNAKEPIT_PYTHON: named, PATH: env.PATH })
      if (env.SNAKEPIT_CACHE === undefined) Reflect.deleteProperty(process.env, 'SNAKEPIT_CACHE')
      else process.env.SNAKEPIT_CACHE = env.SNAKEPIT_CACHE
    }
  })
}

const failures = [
  [
    'raises_at_import.py',
    'adapter',
    /raises_at_import\.py' could not be loaded: ModuleNotFoundError: No module named 'a_library_that_nobody_has'[\s\S]*import a_library/,
  ],
  ['broken_syntax.py', 'adapter', /could not be loaded: SyntaxError/],
  ['no_tools.py', 'adapter', /there is no tool in module[\s\S]*@tool/],
  ['model.py:Modle', 'adapter', /has no `Modle`: did you mean `Model`\?/],
  ['model.py:Plain', 'adapter', /no `BaseAdapter` class/],
  ['model.py:Unloadable', 'initialize', /initialize\(\) of the adapter '.*' failed: RuntimeError: weights are corrupt/],
  ['bad_signature.py', 'tools', /cannot be served[\s\S]*add/],
] as const

for (const [name, stage, message] of failures) {
  test(`API-01, WIRE-05: a failed start says why at once: ${name}`, async () => {
    const began = performance.now()
    const error = await failsWith(openOne(adapter(name)), 'worker_start_failed', message)
    assert.is(error.details.stage, stage)
    assert.is(error.mayHaveRun, false)
    assert.ok(performance.now() - began < 5000, 'it was tried again and again')
  })
}

test('API-01: a module that is not there', async () => {
  await failsWith(openOne('nowhere.to_be_found'), 'worker_start_failed', /No module named 'nowhere'/)
})

test('API-01, WIRE-05: a worker that leaves before it is ready: code and last words', async () => {
  const error = await failsWith(
    openOne(adapter('exits_at_import.py')),
    'worker_start_failed',
    /exit code 7[\s\S]*licence server/,
  )
  assert.is(error.details.reason, 'exited_early')
})

test('API-01, WIRE-05: a worker that dies before it is ready: signal and last words', async () => {
  const error = await failsWith(openOne(adapter('crashes_at_import.py')), 'worker_start_failed', /killed by SIGSEGV/)
  assert.match(error.message, /going down[\s\S]*Segmentation fault/)
})

test('API-01, WIRE-05: silence ends with startTimeout, which the error names, and the worker is gone', async () => {
  const children = descendantsOf(process.pid)
  const opening = openOne(adapter('never_ready.py'), { startTimeout: 2_000 })
  const error = await failsWith(
    opening,
    'worker_start_failed',
    /said nothing for 2000 ms[\s\S]*startTimeout[\s\S]*loading the model/,
  )
  assert.is(error.details.reason, 'silent')
  assert.equal(startedSince(children), [])
})

test('API-01, WIRE-05: silence ends with startTimeout also in a program that has run for long, while garbage is collected', () => {
  const program = fileURLToPath(new URL('silent-start-program.ts', import.meta.url))
  // As optimised as code gets after many starts: nothing is held that is not used any more.
  const flags = ['--always-turbofan', '--expose-gc', '--import', 'tsx']
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, program, adapter('never_ready.py')], {
    timeout: 20_000,
    encoding: 'utf8',
  })
  assert.is(stdout, 'worker_start_failed: silent\n', stderr)
})

test('API-01: one failed start of many says why at once, and the others are stopped', async () => {
  const children = descendantsOf(process.pid).length
  await failsWith(Snakepit.open({ adapter: adapter('raises_at_import.py'), size: 3 }), 'worker_start_failed')
  assert.is(descendantsOf(process.pid).length, children)
})

test('API-01: an interpreter that is not there, is a folder, may not be run, or is no Python', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'empty'))
  writeFileSync(join(folder, 'locked'), 'python', { mode: 0o600 })
  writeFileSync(join(folder, 'liar'), '#!/bin/sh\necho hello\n', { mode: 0o700 })
  const calls = adapter('calls.py')
  await failsWith(openOne(calls, { python: join(folder, 'nothing') }), 'python_not_found', /nothing/)
  await failsWith(openOne(calls, { python: join(folder, 'empty') }), 'python_not_found', /empty/)
  await failsWith(openOne(calls, { python: join(folder, 'locked') }), 'python_not_found', /locked/)
  await failsWith(openOne(calls, { python: join(folder, 'liar') }), 'python_not_found', /liar/)
})

test('API-01: no working directory, an environment that the system refuses', async () => {
  const calls = adapter('calls.py')
  const gone = join(temporaryFolder(), 'gone')
  await failsWith(openOne(calls, { cwd: gone }), 'invalid_option', /`cwd` to be a folder that is there, got '.*gone'/)
  const env = { BIG: 'x'.repeat(200_000) }
  await failsWith(
    within(openOne(calls, { env }), 'a refusal', 5000),
    'worker_start_failed',
    /could not be run[\s\S]*E2BIG/,
  )
})

test('API-01: a temporary folder that is not there: the error names it', async () => {
  const { TMPDIR } = process.env
  process.env.TMPDIR = join(temporaryFolder(), 'gone')
  try {
    await failsWith(
      within(openOne(adapter('calls.py'), { transport: 'grpc' }), 'a refusal', 5000),
      'worker_start_failed',
      /gone/,
    )
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
  }
})

test('API-01: calls made while it closes and after it closed are refused, closing twice is fine', async () => {
  const pit = await openOne(adapter('calls.py'))
  const closing = pit.close()
  await failsWith(pit.execute('add', { a: 1 }), 'pool_closed')
  await Promise.all([closing, pit.close(), pit.close({ drain: 0 })])
  await failsWith(pit.execute('add', { a: 1 }), 'pool_closed')
  await failsWith(pit.stream('count', { n: 1 })[Symbol.asyncIterator]().next(), 'pool_closed')
  await failsWith(pit.ready(), 'pool_closed')
  await pit.close()
})

/** Handles of processes and pipes; the loader of the tests has some of its own. */
function openThings(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /Process|Pipe|TCP|Socket/.test(name))
}

function folderOf(address: string): string {
  const folder = /snakepit-[^/]+/.exec(address)?.[0]
  assert.ok(folder, address)
  return folder
}

test.run()
