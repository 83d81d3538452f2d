// Arguments and values that no program should hand in: refused with their place, or harmless.
import { runInNewContext } from 'node:vm'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ErrorCode, NdArray } from '../../src/index.js'
import { failsWith, isCoded } from '../support/errors.js'
import { nothingEscaped } from '../support/escaped.js'
import { nested } from '../support/nested.js'
import { adapterOf, openOne } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { sparesTheWorker } from './harmless.js'

const pit = await openOne(adapterOf(import.meta.url, 'plain.py'))
test.after(() => pit.close())
test.after.each(nothingEscaped)

const refuse = (): never => {
  throw new Error('no')
}
const throwing = new Proxy({}, { ownKeys: refuse, get: refuse, getPrototypeOf: refuse, has: refuse })

class Query {
  value = 1
  method(): number {
    return 2
  }
}

const unusual: [string, unknown, unknown][] = [
  ['undefined', undefined, null],
  ['an instance of a class', new Query(), 1],
  ['a Map', new Map([['value', 3]]), 3],
  ['an object without a prototype', Object.assign(Object.create(null), { value: 4 }), 4],
  ['what toJSON() gives', { toJSON: () => ({ value: 5 }) }, 5],
  ['a member that toJSON() makes undefined', { value: { toJSON: () => undefined } }, null],
]
for (const [what, args, value] of unusual) {
  test(`API-13: arguments that are ${what} are what they mean`, async () => {
    assert.equal(await pit.execute('echo', args as never), value)
  })
}

const notArguments: [string, unknown, ErrorCode, RegExp][] = [
  ['a proxy that throws', throwing, 'invalid_argument', /value at \$ is an object that throws when it is read/],
  ['a regular expression', /a/, 'invalid_argument', /RegExp.*no counterpart in Python/],
  ['an error', new TypeError('x'), 'invalid_argument', /TypeError.*no counterpart/],
  ['a promise', Promise.resolve({ value: 1 }), 'invalid_argument', /await it first/],
  ['a Set', new Set([1]), 'invalid_parameter', /'echo': expected a map of arguments, got `list`/],
  ['a Date', new Date(0), 'invalid_parameter', /expected a map of arguments, got `datetime/],
  ['an ArrayBuffer', new ArrayBuffer(3), 'invalid_parameter', /got `bytes`/],
  ['a SharedArrayBuffer', new SharedArrayBuffer(3), 'invalid_parameter', /got `bytes`/],
  ['an array of numbers', new NdArray(new Float32Array(1)), 'invalid_parameter', /got `numpy.ndarray`/],
  ['a boxed number', Object(3), 'invalid_parameter', /got `int`/],
  ['a boxed text', Object('abc'), 'invalid_parameter', /got `str`/],
  ['a list, by toJSON()', { toJSON: () => [1] }, 'invalid_parameter', /got `list`/],
  ['nothing, by toJSON()', { toJSON: () => undefined }, 'invalid_parameter', /got `NoneType`/],
]
for (const [what, args, code, message] of notArguments) {
  test(`API-13, ERR-01: arguments that are ${what} are refused`, async () => {
    const error = await sparesTheWorker(pit, () => failsWith(pit.execute('echo', args as never), code, message))
    assert.is(error.mayHaveRun, false)
    isCoded(
      await reasonOf(
        pit
          .stream('numbers', args as never)
          [Symbol.asyncIterator]()
          .next(),
      ),
      code,
    )
  })
}

// Looking at such arguments throws a TypeError of its own.
test('API-13: arguments that are a revoked proxy are refused', async () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  await failsWith(pit.execute('echo', proxy), 'invalid_argument', /cannot be looked at/)
  await failsWith(pit.execute(proxy as never), 'invalid_argument', /tool's name.*cannot be looked at/)
})

test('API-13: a value that is a revoked proxy is refused with its place', async () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  await failsWith(pit.execute('echo', { value: proxy }), 'invalid_argument', /\$\.value is an object that throws/)
})

const odd: [string, unknown, unknown][] = [
  ['2^53+1, which JavaScript takes for 2^53', 2 ** 53 + 1, 2 ** 53],
  ['a bigint that would fit a number', 5n, 5],
  ['2^63-1', 2n ** 63n - 1n, 2n ** 63n - 1n],
  ['a list with holes', Object.assign([], { 2: 1 }), [null, null, 1]],
  ['memory that is shared', new Uint8Array(new SharedArrayBuffer(3)), new Uint8Array(3)],
  ['a shared buffer itself', new SharedArrayBuffer(3), new Uint8Array(3)],
  ['a view of no floats', new Float32Array(0), new NdArray(new Float32Array(0))],
  ['a hundred levels', nested(99), nested(99)],
  ['NUL, line separators and a reversed text', '\0\u2028\u2029\u202e', '\0\u2028\u2029\u202e'],
]
for (const [what, value, back] of odd) {
  test(`PAYLOAD-01: ${what} arrives whole`, async () => {
    assert.equal(await pit.execute('echo', { value }), back)
  })
}

const realm = (code: string): unknown => runInNewContext(code)
const foreign: [string, unknown, unknown][] = [
  ['a Date', realm('new Date(0)'), new Date(0)],
  ['a Map', realm('new Map([["a", [1]]])'), { a: [1] }],
  ['a Set', realm('new Set([1, 2])'), [1, 2]],
  ['bytes', realm('new Uint8Array([1, 2])'), new Uint8Array([1, 2])],
  ['a buffer', realm('new Uint8Array([1, 2]).buffer'), new Uint8Array([1, 2])],
  ['a boxed number', realm('new Number(3)'), 3],
  ['an object', realm('({ a: [1, { b: null }] })'), { a: [1, { b: null }] }],
]
for (const [what, value, back] of foreign) {
  test(`PAYLOAD-01: ${what} from another realm, as test runners have them, is what it is here`, async () => {
    assert.equal(await pit.execute('echo', { value }), back)
  })
}

test('PAYLOAD-01, PAYLOAD-02: what is refused here is refused from another realm; its floats are floats', async () => {
  for (const code of ['/a/', 'new TypeError("x")', 'new WeakMap()', 'Promise.resolve(1)', 'new Date(NaN)']) {
    await failsWith(pit.execute('echo', { value: realm(code) }), 'invalid_argument', /\$\.value/)
  }
  const { dtype, data } = await pit.execute<NdArray>('echo', { value: realm('new Float32Array([1.5])') })
  assert.equal([dtype, Array.from(data as Float32Array)], ['float32', [1.5]])
})

for (const depth of [101, 900, 1_000, 10_000, 1_000_000]) {
  test(`PAYLOAD-01, SEC-03: ${depth} levels are refused, naming the limit`, async () => {
    await failsWith(pit.execute('echo', { value: nested(depth) }), 'invalid_argument', /deeper than 100 levels/)
  })
}

test('PAYLOAD-03: ten million characters, a million keys', async () => {
  const text = 'ä'.repeat(10_000_000)
  assert.is((await pit.execute<string>('echo', { value: text })).length, text.length)
  const keys = Object.fromEntries(Array.from({ length: 1_000_000 }, (_, index) => [`k${index}`, index]))
  assert.is(await pit.execute('size_of', { value: keys }), 1_000_000)
})

test('PAYLOAD-05, SEC-03: more than a gibibyte of floats is refused, naming the limit, and nobody else notices', async () => {
  for (const value of [new Float32Array(2 ** 28 + 1), new ArrayBuffer(2 ** 30 + 1)]) {
    const error = await sparesTheWorker(pit, () => reasonOf(pit.execute('size_of', { value: [value] })))
    isCoded(error, 'value_too_large', /the value at \$\.value\[0\] has \d+ bytes, more than the limit of 1073741824/)
    assert.is(error.mayHaveRun, false)
  }
})

test('PY-05: a hundred thousand parameters, and one with a name of a megabyte', async () => {
  const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, index]))
  for (const args of [many, { ['k'.repeat(1_000_000)]: 1 }]) {
    const error = await sparesTheWorker(pit, () => failsWith(pit.execute('echo', args), 'invalid_parameter', /unknown/))
    assert.ok(error.message.length < 100_000, `a message of ${error.message.length} characters`)
  }
})

test.run()
