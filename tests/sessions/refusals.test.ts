// What makes no sense about a session is refused with what came and what was expected.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Snakepit } from '../../src/index.js'
import { failsWith, isCoded } from '../support/errors.js'
import { Ledger } from '../support/ledger.js'
import { adapterOf } from '../support/pit.js'
import { thrown } from '../support/rejection.js'

const ledger = new Ledger()
const pit = await Snakepit.open({
  adapter: adapterOf(import.meta.url, 'keeper.py'),
  env: ledger.env,
  size: 1,
  drain: 0,
  pools: { main: {}, spare: {} },
})
test.after(() => pit.close())

const wrongIds: [string, unknown, RegExp][] = [
  ['empty', '', /got '' \(string\)/],
  ['huge', 'x'.repeat(1 << 20), /got 'x{10,100}…' \(string\)/],
  ['one too long', 'x'.repeat(257), /got 'x+…' \(string\)/],
  ['a line break', 'a\nb', /got 'a\\nb'/],
  ['a NUL', 'a\0b', /got 'a\\u0000b'/],
  ['DEL', 'a\x7f', /(control characters|lone surrogates), got/],
  ['a number', 5, /got 5 \(number\)/],
  ['null', null, /got null/],
  ['an object', {}, /got an object/],
  ['a list', ['a'], /got an array of 1/],
  ['a symbol', Symbol('s'), /got Symbol\(s\) \(symbol\)/],
  ['a big integer', 5n, /got 5n \(bigint\)/],
]
for (const [what, id, got] of wrongIds) {
  test(`SESSION-04, API-13: an id that is none is named with what was expected: ${what}`, async () => {
    const expected = /expected `session` to be 1 to 256 characters without control characters or lone surrogates, got/
    for (const error of [
      thrown(() => pit.session(id as string)),
      await failsWith(pit.execute('grow', {}, { session: id as string }), 'invalid_option'),
      thrown(() => pit.stream('grow', {}, { session: id as string })),
    ]) {
      isCoded(error, 'invalid_option', expected)
      assert.match(error.message, got)
      assert.ok(error.message.length < 300, `${error.message.length} characters`)
    }
  })
}

test('API-13: `session()` without an id', () => {
  isCoded(
    thrown(() => (pit.session as () => unknown)()),
    'invalid_option',
    /got undefined/,
  )
})

for (const id of ['x'.repeat(256), ' ', '日本', '🐍', '../../etc', '__proto__', 'constructor', "'; drop"]) {
  test(`SESSION-04: unusual ids are ids: ${id.slice(0, 20)}`, async () => {
    const session = pit.session(id)
    assert.is(await session.execute('grow'), 1)
    assert.is((await session.execute<{ id: string }>('about')).id, id)
    await session.end()
  })
}

const wrongOptions: [string, unknown, RegExp][] = [
  ['affinity', 'strict', /`affinity` to be one of 'hint', 'strict_queue', 'strict_fail_fast', got 'strict' \(string\)/],
  ['affinity', 'HINT', /got 'HINT'/],
  ['affinity', null, /got null/],
  ['ttl', 0, /`ttl`.*got 0/],
  ['ttl', -1, /`ttl`.*got -1/],
  ['ttl', '60', /`ttl`.*got '60' \(string\)/],
  ['ttl', Number.NaN, /`ttl`.*got NaN/],
  ['metadata', 'pro', /`metadata` to be an object of texts, got 'pro'/],
  ['metadata', { plan: 5 }, /`metadata\.plan` to be a text, got 5 \(number\)/],
  ['onLost', 'again', /`onLost` to be a function, got 'again'/],
  ['onlost', () => undefined, /unknown option 'onlost' of session\(\): did you mean 'onLost'\?/],
]
for (const [name, value, message] of wrongOptions) {
  test(`API-13: session() refuses ${name}: ${String(value)}`, () => {
    isCoded(
      thrown(() => pit.session('s', { [name]: value })),
      'invalid_option',
      message,
    )
  })
}

test('API-13: session() refuses options that are none', () => {
  for (const options of [null, 4, 'x']) {
    isCoded(
      thrown(() => pit.session('s', options as never)),
      'invalid_option',
      /`session options` to be an object, got/,
    )
  }
})

test('SESSION-04: an affinity that is none is refused by call and pool, with the words there are', async () => {
  const words = /`affinity` to be one of 'hint', 'strict_queue', 'strict_fail_fast', got 'stict_queue'/
  const affinity = 'stict_queue' as never
  await failsWith(pit.execute('grow', {}, { session: 's', affinity }), 'invalid_option', words)
  await failsWith(pit.session('s').execute('grow', {}, { affinity }), 'invalid_option', words)
  await failsWith(Snakepit.open({ adapter: './x.py', affinity }), 'invalid_option')
})

test('API-08: a pool that is not there is named with the one that was meant, or those there are', async () => {
  isCoded(
    thrown(() => pit.session('s', { pool: 'Maim' })),
    'pool_not_found',
    /there is no pool 'Maim'; did you mean 'main'\?/,
  )
  await failsWith(pit.execute('grow', {}, { pool: 'zzzzzz' }), 'pool_not_found', /there are 'main', 'spare'/)
  const huge = await failsWith(pit.execute('grow', {}, { pool: 'x'.repeat(1 << 20) }), 'pool_not_found')
  assert.ok(huge.message.length < 300)
  for (const pool of [5, null, {}, Symbol('p'), ['main']]) {
    isCoded(
      thrown(() => pit.stream('grow', {}, { pool: pool as string })),
      'invalid_option',
      /`pool` to be the name of a pool, got/,
    )
  }
})

test("API-07, API-13: a session's calls refuse the options that the session has settled", async () => {
  const session = pit.session('settled')
  await failsWith(session.execute('grow', {}, { pool: 'spare' } as never), 'invalid_option', /'pool'/)
  await failsWith(session.execute('grow', {}, { session: 'another' } as never), 'invalid_option', /'session'/)
  isCoded(
    thrown(() => session.stream('grow', {}, { pool: 'spare' } as never)),
    'invalid_option',
    /'pool'/,
  )
})

test('API-07: a session of one pool is not a session of the other', async () => {
  const [main, spare] = [pit.session('same name'), pit.session('same name', { pool: 'spare' })]
  assert.is.not(main, spare)
  await main.execute('put', { key: 'k', value: 'main' })
  assert.is(await spare.execute('get', { key: 'k' }), null)
  assert.is(pit.session('same name', { pool: 'spare' }), spare)
})

test.run()
