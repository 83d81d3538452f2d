// What cannot be kept is said, with the place in the value: nothing turns into something else in silence.
import { PassThrough } from 'node:stream'
import { runInNewContext } from 'node:vm'
import { interval } from 'rxjs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { maxDepth, maxElements } from '../../src/codec/admit.js'
import { decodeValue, encodeValue } from '../../src/codec/msgpack.js'
import { NdArray } from '../../src/codec/nd-array.js'
import { nested } from '../support/nested.js'
import { thrown } from '../support/rejection.js'

/** Asserts that the value is refused, and where. */
function refused(value: unknown, path: string, words: RegExp): void {
  const error = thrown(() => encodeValue(value), 'invalid_argument')
  assert.is(error.details.path, path, error.message)
  assert.match(error.message, words)
  assert.ok(error.message.includes(path), error.message)
  assert.not(error.mayHaveRun)
}

test('PAYLOAD-01: functions, symbols and promises are refused with their path', () => {
  refused(() => 1, '$', /function/)
  refused({ callback: function onDone() {} }, '$.callback', /function onDone/)
  refused([1, { mark: Symbol('mark') }], '$[1].mark', /Symbol\(mark\)/)
  refused({ rows: [Promise.resolve(1)] }, '$.rows[0]', /await it first/)
  const thenable = Object.create(Object.defineProperty({}, 'then', { value: () => {} }))
  refused({ query: thenable }, '$.query', /await it first/)
})

test('PAYLOAD-01: what gives its values one by one is refused, not sent empty', () => {
  function* numbers() {
    yield 1
  }
  refused({ numbers: numbers() }, '$.numbers', /collect them in a list/)
  refused({ source: interval(1) }, '$.source', /Observable.*collect them in a list/)
  refused({ rows: { [Symbol.iterator]: numbers } }, '$.rows', /collect them in a list/)
})

test('PAYLOAD-01: objects without a counterpart are refused by name', () => {
  refused({ why: new TypeError('x') }, '$.why', /TypeError.*no counterpart in Python/)
  refused({ pattern: /a/ }, '$.pattern', /RegExp/)
  refused([new WeakMap()], '$[0]', /WeakMap/)
  refused({ at: new Date(Number.NaN) }, '$.at', /invalid Date/)
  for (const time of [8.64e15, -8.64e15, Date.UTC(10_000, 0), Date.parse('0001-01-01') - 1]) {
    refused([new Date(time)], '$[0]', /years 1 to 9999/)
  }
})

test('PAYLOAD-01: text that is no Unicode is refused, as value and as key', () => {
  refused({ name: 'a\ud800' }, '$.name', /lone surrogate/)
  refused(['ok', '\udc00b'], '$[1]', /lone surrogate/)
  refused({ inner: { '\ud800': 1 } }, '$.inner', /key with a lone surrogate/)
  refused(new Map([['\ud800', 1]]), '$', /key with a lone surrogate/)
})

test('PAYLOAD-01: keys of Maps are what has one text, and no two may have the same', () => {
  refused(new Map([[{}, 1]]), '$', /keys must be strings, numbers, bigints or Dates/)
  refused({ table: new Map([[Symbol('k'), 1]]) }, '$.table', /Symbol\(k\)/)
  for (const key of [true, null, undefined, Number.NaN, Number.POSITIVE_INFINITY, new Date(Number.NaN), [1]])
    refused({ rows: [new Map([[key, 1]])] }, '$.rows[0]', /a Map with the key/)
  for (const [a, b] of [
    [1, '1'],
    [1, 1n],
    [1e21, '1000000000000000000000'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
  ] as [unknown, unknown][]) {
    const keys = new Map<unknown, unknown>([
      [a, 1],
      [b, 2],
    ])
    refused({ w: keys }, '$.w', /two keys that are both '.*' as text/)
  }
})

test('PAYLOAD-01: what would arrive empty is refused, with what to send instead', () => {
  refused({ image: new Blob(['abc']) }, '$.image', /a Blob.*`new Uint8Array\(await blob.arrayBuffer\(\)\)`/)
  refused([new File(['a'], 'a.txt')], '$[0]', /a File.*await file.arrayBuffer\(\)/)
  refused(new Response('{}'), '$', /a Response.*await response.json\(\)/)
  refused(new Request('http://localhost'), '$', /a Request.*await request.json\(\)/)
  refused({ form: new FormData() }, '$.form', /Object.fromEntries\(form\)/)
  refused({ headers: new Headers() }, '$.headers', /Object.fromEntries\(headers\)/)
  refused({ search: new URLSearchParams('a=1') }, '$.search', /Object.fromEntries\(params\)/)
  refused({ ref: new WeakRef({}) }, '$.ref', /ref.deref\(\)/)
  refused({ signal: new AbortController().signal }, '$.signal', /AbortSignal.*option `signal`/)
  for (const stream of [new ReadableStream(), new WritableStream(), new TransformStream(), new PassThrough()])
    refused({ stream }, '$.stream', /send what it holds/)
  refused({ out: process.stdout }, '$.out', /send what it holds/)
  refused({ locale: new Intl.NumberFormat('de') }, '$.locale', /no counterpart/)
  const timer = setTimeout(() => undefined, 1)
  refused({ timer }, '$.timer', /no counterpart/)
  clearTimeout(timer)
  refused({ timer }, '$.timer', /no counterpart/)
  class Account {
    #id = 5
    get id() {
      return this.#id
    }
  }
  refused({ account: new Account() }, '$.account', /Account.*without enumerable members.*plain object/)
  refused({ event: new Event('x') }, '$.event', /Event/)
  refused({ registry: new FinalizationRegistry(() => undefined) }, '$.registry', /FinalizationRegistry/)
  class Moment {
    toString() {
      return '12:00'
    }
    valueOf() {
      throw new TypeError('not comparable')
    }
  }
  refused({ at: new Moment() }, '$.at', /Moment/)
})

test('PAYLOAD-01: it is refused whatever realm or package it comes from', () => {
  // As jsdom has them: an implementation behind a symbol, and a name.
  const impl: unique symbol = Symbol('impl')
  class ForeignBlob {
    readonly [impl] = {}
    get [Symbol.toStringTag]() {
      return 'Blob'
    }
  }
  refused({ file: new ForeignBlob() }, '$.file', /a Blob/)
  refused({ why: runInNewContext('new TypeError("x")') }, '$.why', /no counterpart/)
  refused({ hidden: runInNewContext('new (class Hidden { #x = 1 })') }, '$.hidden', /Hidden/)
  refused({ hidden: new Proxy(new (class Empty {})(), {}) }, '$.hidden', /Empty/)
  class Named {
    get [Symbol.toStringTag]() {
      return 'constructor'
    }
  }
  refused({ named: new Named() }, '$.named', /Named/)
})

test('PAYLOAD-01: objects with members, with a form of their own, and empty ones are given', () => {
  class Point {
    x = 1
  }
  class Money {
    readonly #cents = 150
    toJSON() {
      return { cents: this.#cents }
    }
  }
  const given = {
    point: new Point(),
    money: new Money(),
    url: new URL('http://localhost/a?b=1'),
    empty: {},
    bare: Object.create(null),
    foreign: runInNewContext('({})'),
    foreignMap: runInNewContext('new Map([["a", {}]])'),
    proxy: new Proxy({ a: 1 }, {}),
    boxed: [Object(1), Object('a'), Object(true), Object(5n)],
    keys: new Map<unknown, unknown>([
      [1, 'one'],
      [-0, 'zero'],
      [0.5, 'half'],
      [2 ** 53, 'large'],
      [1e21, 'larger'],
      [10n ** 20n, 'big'],
      [new Date(0), 'then'],
      ['__proto', 'text'],
    ]),
  }
  assert.equal(decodeValue(encodeValue(given)), {
    point: { x: 1 },
    money: { cents: 150 },
    url: 'http://localhost/a?b=1',
    empty: {},
    bare: {},
    foreign: {},
    foreignMap: { a: {} },
    proxy: { a: 1 },
    boxed: [1, 'a', true, 5],
    keys: {
      1: 'one',
      0: 'zero',
      0.5: 'half',
      9007199254740992: 'large',
      '1000000000000000000000': 'larger',
      '100000000000000000000': 'big',
      '1970-01-01T00:00:00.000Z': 'then',
      __proto: 'text',
    },
  })
})

test('PAYLOAD-01, SEC-03: cycles and depth are refused, naming the limit', () => {
  const cycle: Record<string, unknown> = { name: 'ring' }
  cycle.inner = { back: cycle }
  assert.match(thrown(() => encodeValue(cycle), 'invalid_argument').message, /holds itself/)
  const ring: unknown[] = []
  ring.push(ring)
  assert.match(thrown(() => encodeValue(ring), 'invalid_argument').message, new RegExp(`${maxDepth} levels`))
  const self = { toJSON: () => self }
  thrown(() => encodeValue(self), 'invalid_argument')
  for (const depth of [900, 1_000, 10_000, 1_000_000]) thrown(() => encodeValue(nested(depth)), 'invalid_argument')
  assert.equal(decodeValue(encodeValue(nested(maxDepth))), nested(maxDepth))
})

test('PAYLOAD-01: the same object twice is no cycle', () => {
  const shared = { a: [1] }
  assert.equal(decodeValue(encodeValue([shared, shared])), [shared, shared])
})

test('PAYLOAD-01: objects that throw when they are looked at are refused with their path and the cause', () => {
  const cause = new Error('no')
  const throws = () => {
    throw cause
  }
  const getter = Object.defineProperty({}, 'x', { get: throws, enumerable: true })
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const traps = { ownKeys: throws, getPrototypeOf: throws, has: throws, get: throws }
  for (const value of [getter, { toJSON: throws }, new Proxy({}, traps), new Proxy([1], { get: throws })]) {
    const error = thrown(() => encodeValue({ inner: [value] }), 'invalid_argument')
    assert.is(error.cause, cause)
    assert.match(String(error.details.path), /^\$\.inner/)
  }
  assert.is(thrown(() => encodeValue([proxy]), 'invalid_argument').details.path, '$[0]')
  const late = {
    left: undefined,
    get once() {
      Object.defineProperty(this, 'once', { get: throws, enumerable: true, configurable: true })
      return 1
    },
  }
  thrown(() => encodeValue(late), 'invalid_argument')
})

test('PAYLOAD-01: memory that was transferred away is refused, not sent empty', () => {
  const bytes = new Uint8Array([1, 2, 3])
  const floats = new Float32Array([1])
  const array = new NdArray(new Float32Array([1]))
  structuredClone([bytes, floats, array.data], {
    transfer: [bytes.buffer, floats.buffer, array.data.buffer as ArrayBuffer],
  })
  refused({ bytes }, '$.bytes', /throws when it is read/)
  refused({ floats }, '$.floats', /throws when it is read/)
  refused({ buffer: bytes.buffer }, '$.buffer', /throws when it is read/)
  refused({ array }, '$.array', /transferred|throws when it is read/)
})

test('PAYLOAD-05: a list longer than the limit is refused before it takes any memory', () => {
  const error = thrown(() => encodeValue({ rows: new Array(2 ** 32 - 1) }), 'value_too_large')
  assert.equal(error.details, { path: '$.rows', limit: maxElements })
  assert.match(error.message, /\$\.rows/)
})

test('PAYLOAD-01: a failed encoding leaves the next one whole', () => {
  for (let round = 0; round < 50; round++) {
    thrown(() => encodeValue({ a: 'x'.repeat(round * 100), b: new NdArray(new Float32Array(round)), c: () => 1 }))
    assert.equal(decodeValue(encodeValue({ round })), { round })
  }
})

test('PAYLOAD-02: an array whose elements and shape disagree is refused when it is made', () => {
  const made = (...args: ConstructorParameters<typeof NdArray>) =>
    thrown(() => new NdArray(...args), 'invalid_argument')
  assert.match(made(new Float32Array(5), [2, 3]).message, /expected 6 elements for shape \[2, 3\] of float32, got 5/)
  assert.match(made(new Float32Array(6), [-2, -3]).message, /shape \[-2, -3\]/)
  assert.match(made(new Float32Array(3), [1.5, 2]).message, /shape/)
  assert.match(made(new Float32Array(2), [2], 'complex64').message, /expected 4 elements/)
  assert.match(made(new Float32Array(2), [2], 'float64').message, /float64 elements in a Float64Array/)
  made(new Float32Array(2), [2], '__proto__' as never)
  made([1, 2] as never)
})

test.run()
