// Values from TypeScript to Python and back: what is kept, and that nothing in them is ever run.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { NdArray } from '../../src/index.js'
import { all } from '../support/all.js'
import { failsWith } from '../support/errors.js'
import { nested } from '../support/nested.js'
import { adapterOf, openOne } from '../support/pit.js'
import { temporaryFolder } from '../support/temporary.js'

const pit = await openOne(adapterOf(import.meta.url, 'values.py'))
test.after(() => pit.close())

const kept: unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  2 ** 53 - 1,
  -(2 ** 53 - 1),
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.MIN_VALUE,
  Number.MAX_VALUE,
  2n ** 63n - 1n,
  2n ** 64n - 1n,
  2n ** 64n,
  -(2n ** 63n) - 1n,
  10n ** 40n,
  '',
  'grüße 蛇 🐍 \u0000 \u2028 \u202e',
  'x'.repeat(100_000),
  [],
  [1, [2, [3, null]]],
  {},
  { a: { b: [1, 'two', { c: null }] }, '': 0, toString: 1, constructor: 2 },
  new Uint8Array(0),
  Uint8Array.from({ length: 256 }, (_, index) => index),
  new Date(0),
  new Date('2024-02-29T12:30:15.123Z'),
  new Date(-1),
]

test('PAYLOAD-01: round trips through Python, as arguments, results and chunks', async () => {
  for (const value of kept) {
    const returned = await pit.execute('echo', { value })
    if (Number.isNaN(value)) assert.ok(Number.isNaN(returned))
    else assert.equal(returned, value, `sent ${inspect(value)}, got ${inspect(returned)}`)
  }
  const chunks = await all(pit.stream('stream_back', { values: kept }).values())
  assert.is(chunks.length, kept.length)
  assert.equal(
    chunks.filter((value) => !Number.isNaN(value)),
    kept.filter((value) => !Number.isNaN(value)),
  )
})

test('PAYLOAD-01: Python sees its own kinds', async () => {
  const seen = (value: unknown) => pit.execute('seen_as', { value })
  assert.is(await seen(1), 'int 1')
  assert.is(await seen(1.5), 'float 1.5')
  assert.is(await seen(2n ** 80n), `int ${2n ** 80n}`)
  for (const whole of [-0, 2 ** 31, 2 ** 32 + 1, 2 ** 53, -(2 ** 53)]) assert.is(await seen(whole), `int ${whole}`)
  assert.is(await seen(2 ** 53 + 2), `float ${2 ** 53 + 2}.0`)
  assert.is(await seen(new Float64Array([2 ** 53])), 'ndarray float64 (1,)')
  assert.is(await seen(new BigInt64Array([2n ** 53n])), 'ndarray int64 (1,)')
  assert.is(await seen(new Uint8Array([1, 2])), "bytes b'\\x01\\x02'")
  assert.is(await seen(Buffer.from('ab')), "bytes b'ab'")
  assert.match(String(await seen(new Date(0))), /^datetime datetime\.datetime\(1970, 1, 1, 0, 0, tzinfo=/)
  assert.is(await seen(new Float32Array(3)), 'ndarray float32 (3,)')
})

test('PAYLOAD-01: Maps become dicts whose keys are text, and what would be empty is refused before Python hears of it', async () => {
  const table = new Map<unknown, unknown>([
    [1, 0.5],
    [10n ** 20n, 'big'],
    [new Date(0), [new Map([[2, 'two']])]],
  ])
  assert.equal(await pit.execute('echo', { value: table }), {
    1: 0.5,
    100000000000000000000: 'big',
    '1970-01-01T00:00:00.000Z': [{ 2: 'two' }],
  })
  const clash = new Map<unknown, number>([
    [1, 1],
    ['1', 2],
  ])
  const clashed = await failsWith(pit.execute('echo', { value: { w: clash } }), 'invalid_argument', /both '1'/)
  assert.is(clashed.details.path, '$.value.w')
  const blob = await failsWith(pit.execute('echo', { value: [new Blob(['a'])] }), 'invalid_argument', /a Blob/)
  assert.is(blob.details.path, '$.value[0]')
})

test('PAYLOAD-01: what only Python can make', async () => {
  const value = await pit.execute<Record<string, unknown>>('python_values')
  assert.is(value.big, 2n ** 100n)
  assert.is(value.negative, -(2n ** 70n))
  assert.ok(Number.isNaN(value.nan))
  assert.is(value.inf, Number.NEGATIVE_INFINITY)
  assert.ok(Object.is(value.zero, -0))
  assert.equal(value.instant, new Date('2024-02-29T12:30:15.123Z'))
  assert.equal(
    value.bytes,
    Uint8Array.from({ length: 256 }, (_, index) => index),
  )
  assert.equal(value.tuple, [1, 2])
  assert.is(value.numpy_int, 7)
  assert.is(value.numpy_bool, true)
})

test('PAYLOAD-02: numpy arrays arrive as typed arrays with shape and dtype', async () => {
  const arrays = await pit.execute<Record<string, NdArray>>('arrays')
  const told = Object.fromEntries(
    Object.entries(arrays).map(([name, { dtype, shape, data }]) => [name, [dtype, shape, Array.from(data as never)]]),
  )
  assert.equal(told.float64, ['float64', [2, 3], [0, 1, 2, 3, 4, 5]])
  assert.equal(told.int8, ['int8', [2], [-1, 2]])
  assert.equal(told.uint64, ['uint64', [1], [2n ** 64n - 1n]])
  assert.equal(told.empty, ['float64', [0, 3], []])
  assert.equal(told.strided, ['int32', [5], [0, 2, 4, 6, 8]])
  assert.equal(told.fortran, ['int32', [2, 3], [0, 1, 2, 3, 4, 5]])
  assert.equal(told.big_endian, ['int32', [2], [1, 256]])
  for (const array of Object.values(arrays)) assert.instance(array, NdArray)
  const back = await pit.execute<NdArray>('echo', { value: arrays.float64 })
  assert.equal([back.dtype, back.shape, Array.from(back.data as never)], told.float64)
})

test('PAYLOAD-02, PAYLOAD-03: sixteen megabytes each way, as raw elements', async () => {
  const values = new Float64Array(2_000_000).fill(0.5)
  assert.is(await pit.execute('total', { values }), 1_000_000)
  assert.is((await pit.execute<Uint8Array>('block', { size: 16_000_000 })).length, 16_000_000)
})

test('PAYLOAD-01: half a character is no text: refused on both sides, with its place', async () => {
  await failsWith(pit.execute('echo', { value: ['a\ud800b'] }), 'invalid_argument', /lone surrogate/)
  const error = await failsWith(pit.execute('half_a_character'), 'unserializable_value', /\$\.text.*|lone surrogate/)
  assert.is(error.details.path, '$.text')
})

test('PAYLOAD-01: keys that mean something in JavaScript stay data', async () => {
  const value = JSON.parse('{"__proto__": {"polluted": true}, "a": 1}') as Record<string, unknown>
  const returned = await pit.execute<Record<string, unknown>>('echo', { value })
  assert.is(returned.polluted, undefined)
  assert.is(({} as Record<string, unknown>).polluted, undefined)
  assert.is(returned.a, 1)
})

test('PAYLOAD-01: nesting has a limit that both sides survive', async () => {
  assert.equal(await pit.execute('echo', { value: nested(60) }), nested(60))
  await failsWith(pit.execute('echo', { value: nested(1_000_000) }), 'invalid_argument', /deep|nest/)
  assert.is(await pit.execute('echo', { value: 1 }), 1)
})

test('PAYLOAD-07, guarantee:G26: a pickle is bytes, and nobody reads it', async () => {
  const path = join(temporaryFolder(), 'canary')
  const bytes = await pit.execute<Uint8Array>('canary', { path })
  assert.instance(bytes, Uint8Array)
  assert.equal(await pit.execute('echo', { value: bytes }), bytes)
  assert.equal(await pit.execute('echo', { value: { __reduce__: ['os.system', [`touch ${path}`]] } }), {
    __reduce__: ['os.system', [`touch ${path}`]],
  })
  assert.not.ok(existsSync(path))
})

test.run()
