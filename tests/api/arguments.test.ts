// What the hints of a tool make of the arguments that TypeScript gives, and what is said of those that do not fit.
import { inspect } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { all } from '../support/all.js'
import { failsWith } from '../support/errors.js'
import { adapterOf, nextLog, openOne, pidOf } from '../support/pit.js'

const pit = await openOne(adapterOf(import.meta.url, 'arguments.py'))
test.after(() => pit.close())

const evening = new Date('2026-01-02T23:30:00Z')
const fits: [string, string, object, unknown][] = [
  ['null where the default is None', 'search', { text: 'x', limit: null }, ['x', null]],
  ['bytes for bytes', 'save', { content: new Uint8Array([116, 120]) }, '7478'],
  ['an object with numbers for keys', 'weigh', { weights: { 1: 0.5, 2: 1 } }, [3, []]],
  ['an object with dates for keys', 'weigh', { weights: {}, days: { '2026-01-02': 1 } }, [0, [1]]],
  ['a Date for a date, in UTC', 'on', { day: evening }, 'datetime.date(2026, 1, 2)'],
  ['text for a date', 'on', { day: '2026-01-02' }, 'datetime.date(2026, 1, 2)'],
  ['a typed array for a list', 'mean', { values: new Float64Array([1, 2]) }, ['list', 1.5]],
  ['one of two dataclasses', 'shapes', { shapes: [{ radius: 1 }, { side: 2 }] }, ['Circle', 'Square']],
  ['one of two models', 'pets', { pets: [{ kind: 'dog' }, { kind: 'cat', lives: 9 }] }, ['Dog', 'Cat']],
  ['a value of an Enum', 'paint', { color: 'red' }, "<Color.RED: 'red'>"],
]
for (const [what, tool, args, value] of fits) {
  test(`PY-05: ${what} fits`, async () => {
    assert.equal(await pit.execute(tool, { ...args }), value)
  })
}

const faults: [string, string, object, string, string, RegExp][] = [
  ['text for bytes', 'save', { content: 'password' }, 'content', 'content', /expected `bytes`, got `str`/],
  ['null for a number', 'on', { day: null }, 'day', 'day', /expected `date`, got `NoneType`/],
  [
    'text for a number of a key',
    'weigh',
    { weights: { a: 1 } },
    'weights',
    'weights.a',
    /a key that is `int`, got 'a'/,
  ],
  [
    'a list with one that is neither',
    'shapes',
    { shapes: [{ radius: 1 }, 'junk'] },
    'shapes',
    'shapes[1]',
    /expected `Circle \| Square`, got `str`/,
  ],
  [
    'a member of the wrong type',
    'pets',
    { pets: [{ kind: 'cat', lives: 'x' }] },
    'pets',
    'pets[0]',
    /as `Cat`: `lives`: expected a valid integer.*got 'x'; as `Dog`: `kind`: expected 'dog'/,
  ],
  ['neither of a union', 'paint', { color: 'green' }, 'color', 'color', /expected `Color \| int`, got `str`/],
  ['a number below its bound', 'paint', { color: 1, coats: 0 }, 'coats', 'coats', /greater than 0, got 0/],
]
for (const [what, tool, args, parameter, path, message] of faults) {
  test(`PY-05, ERR-01: ${what} is refused, with its place`, async () => {
    const error = await failsWith(pit.execute(tool, { ...args }), 'invalid_parameter', message)
    assert.equal(error.details, { ...error.details, tool, parameter, path })
  })
}

test('PY-02, STREAM-02: what decorators wrap streams, or is awaited, as it would without them', async () => {
  assert.equal(await all(pit.stream('count', { n: 2 }).values()), [0, 1])
  assert.is(await pit.execute('later'), 5)
})

test('PY-05, PY-06: hints that nobody can check are told at the start of a worker, and in the schema', async () => {
  assert.equal(await pit.execute('unchecked', { callback: 1 }), [1, 1])
  const schema = pit
    .workers()[0]
    ?.info()
    ?.tools.find(({ name }) => name === 'unchecked')?.inputSchema
  assert.match(inspect(schema, { depth: 9 }), /\$comment.*unchecked: `Nowhere`: this name is not there at run time/)
  const told = nextLog(pit, ({ source, level }) => source === 'snakepit' && level === 'warning')
  process.kill(pidOf(pit), 'SIGKILL')
  assert.match((await told).message, /tool 'unchecked' takes unchecked: `callback` \(.*\), `other` \(`Nowhere`/)
})

test('PY-02: an adapter in a package imports relatively, and by the name of the package', async () => {
  await using shop = await openOne(adapterOf(import.meta.url, 'shop/parts/till.py'))
  assert.is(await shop.execute('price', { name: 'apple' }), 2)
  assert.is(await shop.execute('module'), 'shop.parts.till')
})

test.run()
