// What cannot be kept is said, with the place in the value: nothing turns into something else in silence.
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
  refused({ search: new URLSearchParams('a=1') }, '$.search', /URLSearchParams.*collect them in a list/)
  refused({ stream: new ReadableStream() }, '$.stream', /ReadableStream/)
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

test('PAYLOAD-01: maps take keys of text only', () => {
  refused({ table: new Map([[1, 'one']]) }, '$.table', /key 1 \(number\)/)
  refused(new Map([[{}, 1]]), '$', /keys must be strings/)
  refused(new Map([[Symbol('k'), 1]]), '$', /keys must be strings/)
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
