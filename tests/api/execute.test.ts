// Calls for one value: results, errors, and everything that can be wrong with what is asked.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { PythonError, type SnakepitError } from '../../src/index.js'
import { failsWith, raises } from '../support/errors.js'
import { adapterOf, openOne, pidOf } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'

const pit = await openOne(adapterOf(import.meta.url, 'calls.py'))
test.after(() => pit.close())

test('API-02: resolves with what the tool returned', async () => {
  assert.is(await pit.execute('add', { a: 1 }), 3)
  assert.is(await pit.execute('add', { a: 1, b: 4 }), 5)
  assert.is(await pit.execute('later', { value: 'x' }), 'x')
  assert.is(await pit.execute('echo', { value: null }), null)
})

test('API-02: the default timeout is 30 s, and Python sees what is left of it', async () => {
  const { left } = await pit.execute<{ left: number }>('about_call')
  assert.ok(left > 25 && left <= 30, `${left} s`)
  const own = await pit.execute<{ left: number }>('about_call', {}, { timeout: 5000 })
  assert.ok(own.left > 3 && own.left <= 5, `${own.left} s`)
})

test('API-02: metadata reaches the tool', async () => {
  const { metadata, worker } = await pit.execute<Record<string, unknown>>(
    'about_call',
    {},
    { metadata: { tenant: 'a' } },
  )
  assert.equal(metadata, { tenant: 'a' })
  assert.is(worker, 'default-0')
})

test('API-02: the longest timeout is fine, a thousand calls at once are too', async () => {
  assert.is(await pit.execute('add', { a: 1 }, { timeout: 2 ** 31 - 1 }), 3)
  const sums = await Promise.all(Array.from({ length: 900 }, (_, a) => pit.execute<number>('add', { a, b: 1 })))
  assert.equal(
    sums,
    sums.map((_, index) => index + 1),
  )
})

test('ERR-01: codes and categories of what cannot be run', async () => {
  const unknown = await failsWith(pit.execute('ad', { a: 1 }), 'tool_not_found', /'ad'.*add/)
  assert.is(unknown.category, 'validation')
  assert.is(unknown.mayHaveRun, false)
  const missing = await failsWith(pit.execute('add'), 'invalid_parameter', /`?a`?/)
  assert.is(missing.mayHaveRun, false)
  await failsWith(pit.execute('add', { a: 1, c: 3 }), 'invalid_parameter', /c/)
  await failsWith(pit.execute('add', { a: 'one' }), 'invalid_parameter', /a[\s\S]*int[\s\S]*str/)
})

test('ERR-02: a Python exception: class, bases, notes, frames, traceback, causes', async () => {
  const error = await raises(pit.execute('fails'), 'calls.ShopError')
  assert.match(error.message, /no such thing/)
  assert.ok(error.is('ValueError'))
  assert.ok(error.is('Exception'))
  assert.not.ok(error.is('KeyError'))
  assert.is(error.category, 'python')
  assert.is(error.mayHaveRun, true)
  assert.equal(error.notes, ['look in the cellar'])
  const frame = error.frames.at(-1)
  assert.is(frame?.function, 'fails')
  assert.match(frame?.file ?? '', /calls\.py$/)
  assert.match(frame?.source ?? '', /raise error from cause/)
  assert.match(error.traceback, /KeyError: 'missing'[\s\S]*direct cause[\s\S]*ShopError: no such thing/)
  assert.instance(error.cause, PythonError)
  assert.is((error.cause as PythonError).type, 'KeyError')
})

test('ERR-02, guarantee:G20: an exception of ten megabytes arrives cut, and other calls go on', async () => {
  const pid = pidOf(pit)
  const [error, sum] = await Promise.all([
    reasonOf(pit.execute('fails', { message: 'x'.repeat(10_000_000) })),
    pit.execute('add', { a: 1 }),
  ])
  assert.instance(error, PythonError)
  assert.ok((error as PythonError).message.length < 100_000)
  assert.is((error as PythonError).exception.truncated, true)
  assert.is(sum, 3)
  assert.is(pidOf(pit), pid)
})

for (const kind of ['exit', 'keyboard', 'generator']) {
  test(`ERR-02: a tool that raises what is no Exception fails its call and nothing else: ${kind}`, async () => {
    const pid = pidOf(pit)
    assert.instance(await reasonOf(pit.execute('gives_up', { kind })), PythonError)
    assert.is(await pit.execute('whoami'), pid)
  })
}

const hostileArguments: [string, unknown][] = [
  ['null', null],
  ['an array', [1]],
  ['bytes', new Uint8Array(3)],
  ['a text', 'a=1'],
  ['a function', () => 1],
  ['a symbol', Symbol('a')],
]
for (const [what, args] of hostileArguments) {
  test(`API-13: arguments that are ${what} are refused before Python hears of it`, async () => {
    const error = await failsWith(pit.execute('add', args as never), 'invalid_argument', /'add'.*object of parameter/)
    assert.is(error.mayHaveRun, false)
    assert.throws(
      () => pit.stream('add', args as never),
      (thrown: SnakepitError) => thrown.code === 'invalid_argument',
    )
  })
}

const hostileNames: [string, unknown][] = [
  ['empty', ''],
  ['a number', 4],
  ['a megabyte', 'x'.repeat(1_000_000)],
  ['a path', '../x'],
  ['two lines', 'add\n'],
  ['another alphabet', 'аdd'],
]
for (const [what, name] of hostileNames) {
  test(`API-13: a tool name that is ${what} is refused`, async () => {
    const error = await failsWith(pit.execute(name as never), 'invalid_argument', /tool's name, 1 to 64 letters/)
    assert.ok(error.message.length < 300)
  })
}

for (const name of ['__import__', 'a.b.__class__', 'add.__call__', 'toString', '__proto__']) {
  test(`API-13: no tool is found by the name ${name}`, async () => {
    await failsWith(pit.execute(name), 'tool_not_found')
  })
}

test('API-13: values that cannot travel say where they are', async () => {
  const cyclic: Record<string, unknown> = {}
  cyclic.self = cyclic
  const deep = Array.from({ length: 100_000 }).reduce<unknown>((inner) => [inner], 1)
  const throwing = Object.defineProperty({}, 'x', { enumerable: true, get: refuse })
  for (const value of [cyclic, deep, () => 1, Symbol('s'), throwing, new WeakMap()]) {
    const error = await reasonOf(pit.execute('echo', { value }))
    assert.instance(error, Error)
    if (value !== throwing) assert.is((error as SnakepitError).code, 'invalid_argument', String(error))
  }
  assert.is(await pit.execute('echo', { value: 1 }), 1)
})

test('API-13: arguments are encoded when the call is made', async () => {
  const args = { value: [1] }
  const call = pit.execute('echo', args)
  args.value.push(2)
  assert.equal(await call, [1])
})

function refuse(): never {
  throw new Error('no')
}

test.run()
