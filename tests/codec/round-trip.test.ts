// What goes in comes out: the law of the codec over the whole space of values.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeValue, decodeValues, encodeValue } from '../../src/codec/msgpack.js'
import { NdArray } from '../../src/codec/nd-array.js'
import { SnakepitError } from '../../src/errors/snakepit-error.js'
import { borders, dtypes, ndArrays, same, values } from '../support/values.js'

const roundTrip = (value: unknown) => decodeValue(encodeValue(value))

test('PAYLOAD-01: every value comes back as it was', () => {
  fc.assert(
    fc.property(values(), (value) => same(roundTrip(value), value)),
    { numRuns: 3_000 },
  )
})

test('PAYLOAD-01: integers at every border of width keep their value, as bigints only where numbers cannot hold them', () => {
  for (const value of borders) {
    const back = roundTrip(value)
    assert.is(BigInt(back as number), value)
    assert.is(typeof back, value >= -(2n ** 53n) && value <= 2n ** 53n ? 'number' : 'bigint', String(value))
    const number = Number(value)
    if (Number.isSafeInteger(number)) assert.is(roundTrip(number), number)
  }
  assert.is(roundTrip(2n ** 100_000n), 2n ** 100_000n)
  assert.is(roundTrip(-(2n ** 100_000n)), -(2n ** 100_000n))
})

test('PAYLOAD-01: whole numbers leave as integers, others as floats, and -0 as 0', () => {
  const first = (value: unknown) => encodeValue(value)[0]
  assert.is(first(1), 1)
  assert.is(first(2 ** 40), 0xd3)
  assert.is(first(-(2 ** 40)), 0xd3)
  assert.is(first(1.5), 0xcb)
  assert.is(first(2 ** 60), 0xcb, 'beyond the safe integers a number is a float')
  assert.ok(Object.is(roundTrip(-0), 0))
})

test('PAYLOAD-01: dates keep their millisecond to both ends of what Python can hold', () => {
  const times = [
    0,
    1,
    -1,
    999,
    -999,
    2 ** 32 * 1000,
    2 ** 34 * 1000 - 1,
    2 ** 34 * 1000,
    253_402_300_799_999,
    -62_135_596_800_000,
    1_767_323_045_678,
  ]
  for (const time of times) assert.is((roundTrip(new Date(time)) as Date).getTime(), time)
})

test('PAYLOAD-02: arrays of every element type and shape come back with their elements', () => {
  fc.assert(
    fc.property(ndArrays(), fc.nat(9), (array, shift) => {
      // Something in front moves the elements to any alignment.
      const back = roundTrip(['x'.repeat(shift), array]) as [string, NdArray]
      return same(back[1], array)
    }),
    { numRuns: 1_000 },
  )
  assert.is(dtypes.length, 14)
})

test('PAYLOAD-02: typed arrays become arrays of one dimension, bytes stay bytes', () => {
  const back = roundTrip({
    floats: new Float32Array([1.5, -2]),
    longs: new BigInt64Array([-(2n ** 63n)]),
    clamped: new Uint8ClampedArray([1, 300]),
    bytes: Buffer.from('ab'),
    buffer: new Uint8Array([1, 2]).buffer,
    shared: new Uint8Array(new SharedArrayBuffer(2)),
    view: new DataView(new Uint8Array([9, 8, 7]).buffer, 1),
  }) as Record<string, NdArray & Uint8Array>
  assert.ok(same(back.floats, new NdArray(new Float32Array([1.5, -2]))))
  assert.ok(same(back.longs, new NdArray(new BigInt64Array([-(2n ** 63n)]))))
  assert.ok(same(back.clamped, new NdArray(new Uint8Array([1, 255]))))
  assert.equal(back.bytes, new Uint8Array([97, 98]))
  assert.is(back.bytes?.constructor, Uint8Array, 'not a Buffer')
  assert.equal(back.buffer, new Uint8Array([1, 2]))
  assert.equal(back.shared, new Uint8Array(2))
  assert.equal(back.view, new Uint8Array([8, 7]))
})

test('PAYLOAD-02: empty arrays with lengths beyond 32 bits keep their shape', () => {
  const array = new NdArray(new Float32Array(0), [0, 5_000_000_000])
  assert.ok(same(roundTrip(array), array))
})

test('PAYLOAD-01: what has a JavaScript form of its own arrives as its counterpart', () => {
  class Point {
    x = 1
    #hidden = 2
    get sum() {
      return this.x + this.#hidden
    }
  }
  assert.equal(roundTrip(undefined), null)
  assert.equal(roundTrip({ a: undefined, b: 1 }), { b: 1 })
  assert.equal(roundTrip(Object.assign([], { 1: 1 })), [null, 1])
  assert.equal(roundTrip(new Set([1, 'a'])), [1, 'a'])
  assert.equal(roundTrip(new Map([['k', new Map([['deep', 1]])]])), { k: { deep: 1 } })
  assert.equal(roundTrip(new Point()), { x: 1 })
  assert.equal(roundTrip({ [Symbol('no')]: 1, b: 2 }), { b: 2 })
  assert.equal(roundTrip(new URL('http://a.b/c')), 'http://a.b/c')
  assert.equal(roundTrip({ when: { toJSON: () => 'soon' } }), { when: 'soon' })
  assert.equal(roundTrip([Object('ab'), Object(3), Object(true), Object(1n)]), ['ab', 3, true, 1])
})

test("PAYLOAD-01: members with the names of JavaScript's own machinery are data", () => {
  for (const name of ['constructor', 'hasOwnProperty', 'toJSON', 'then', 'length', 'size', 'valueOf', 'toString']) {
    for (const prototype of [Object.prototype, null]) {
      const record = Object.assign(Object.create(prototype), { [name]: 'x', left: undefined })
      assert.equal(Object.entries(roundTrip(record) as object), [[name, 'x']])
    }
  }
})

test('PAYLOAD-01: a member named __proto__ pollutes nothing', () => {
  const hostile = JSON.parse('{"__proto__": {"polluted": 1}, "a": {"__proto__": {"polluted": 2}}}')
  const back = roundTrip(hostile) as Record<string, Record<string, unknown>>
  assert.is(back.polluted, undefined)
  assert.is(back.a?.polluted, undefined)
  assert.is(({} as Record<string, unknown>).polluted, undefined)
  assert.is(Object.getPrototypeOf(back), Object.prototype)
  roundTrip(new Map([['__proto__', { polluted: 3 }]]))
  assert.is(({} as Record<string, unknown>).polluted, undefined)
})

test("PAYLOAD-01: the program's value is left as it was", () => {
  const value = Object.freeze({ list: Object.freeze([2 ** 40, undefined]), gone: undefined, set: new Set([1]) })
  roundTrip(value)
  assert.equal(Object.keys(value), ['list', 'gone', 'set'])
  assert.is(value.list[0], 2 ** 40)
})

test('STREAM-13: an item that cannot be decoded comes as its bytes and spoils no other', () => {
  const brokenItems = fc.constantFrom(
    new Uint8Array([0xc7, 2, 99, 1, 2]), // an extension that nobody knows
    new Uint8Array([0xd9, 50, 97]), // a text that is longer than what is there
    new Uint8Array([0xc4, 200, 1]), // bytes that are longer than what is there
    new Uint8Array([0x92, 1]), // a list of two with one
    new Uint8Array([1, 2]), // two values
    new Uint8Array([0xc1]).subarray(0, 0), // none
    new Uint8Array([0xdd, 0xff, 0xff, 0xff, 0xff]), // four billion elements
    new Uint8Array([0xc7, 4, 78, 1, 0, 0xa1, 97]), // an array without a shape
  )
  const items = fc.array(
    fc.oneof(
      values().map((value) => ({ bytes: encodeValue(value), value })),
      brokenItems.map((bytes) => ({ bytes, value: bytes })),
    ),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(items, (all) => {
      const body = Buffer.concat(all.map(({ bytes }) => bytes))
      const back = decodeValues(
        body,
        all.map(({ bytes }) => bytes.length),
      )
      return back.length === all.length && all.every(({ value }, index) => same(back[index], value))
    }),
    { numRuns: 1_000 },
  )
})

test('STREAM-13: bytes of any kind never break more than themselves', () => {
  const known = encodeValue({ fine: [1, 'two'] })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
      try {
        decodeValue(noise)
      } catch (error) {
        assert.instance(error, SnakepitError)
        assert.is((error as SnakepitError).code, 'undecodable_value')
      }
      const values = decodeValues(Buffer.concat([known, noise, known]), [known.length, noise.length, known.length])
      assert.is(values.length, 3)
      assert.equal(values[0], { fine: [1, 'two'] })
      assert.equal(values[2], { fine: [1, 'two'] })
    }),
    { numRuns: 5_000 },
  )
  assert.is(({} as Record<string, unknown>).polluted, undefined)
})

test.run()
