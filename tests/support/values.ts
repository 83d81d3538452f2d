// Every value that the wire keeps, as fast-check draws them, and the law by which two of them are the same.
import fc from 'fast-check'
import { type DType, NdArray, type TypedArray } from '../../src/codec/nd-array.js'

const arrays: Readonly<Record<DType, new (buffer: ArrayBuffer, offset: number, length: number) => TypedArray>> = {
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
  complex64: Float32Array,
  complex128: Float64Array,
}

/** Every element type that an array may have. */
export const dtypes = Object.keys(arrays) as DType[]

/** Arrays of every element type and shape: without dimensions, empty, and at any offset of their buffer. */
export function ndArrays(): fc.Arbitrary<NdArray> {
  return fc
    .tuple(
      fc.constantFrom(...dtypes),
      fc.oneof(fc.array(fc.nat(4), { maxLength: 4 }), fc.constantFrom([], [0], [3, 0, 2])),
      fc.nat(3),
      fc.infiniteStream(fc.nat(255)),
    )
    .map(([dtype, shape, offset, bytes]) => {
      const array = arrays[dtype]
      const width = (array as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT
      const length = shape.reduce((product, each) => product * each, 1) * (dtype.startsWith('complex') ? 2 : 1)
      const buffer = new ArrayBuffer((length + offset) * width)
      const raw = new Uint8Array(buffer)
      for (let index = 0; index < raw.length; index++) raw[index] = dtype === 'bool' ? index % 2 : bytes.next().value
      return new NdArray(new array(buffer, offset * width, length), shape, dtype)
    })
}

/** Whole numbers whose encodings lie at both sides of every width. */
export const borders: readonly bigint[] = [
  0n,
  5n,
  7n,
  8n,
  15n,
  16n,
  31n,
  32n,
  53n,
  62n,
  63n,
  64n,
  65n,
  127n,
  128n,
  1024n,
]
  .flatMap((bits) => [2n ** bits - 1n, 2n ** bits, 2n ** bits + 1n])
  .flatMap((value) => [value, -value])

function leaves(): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.integer(),
    // A number that is not whole, or beyond the whole ones; -0 is not kept, and is not drawn.
    fc.double().filter((value) => !Object.is(value, -0)),
    fc.constantFrom(
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      2 ** 53,
      -(2 ** 53),
      Number.MIN_VALUE,
    ),
    fc.bigInt().filter(beyondNumbers),
    fc.constantFrom(...borders.filter(beyondNumbers)),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: 'grapheme', minLength: 30, maxLength: 90 }),
    fc.constantFrom('', '\0', '\u2028', '\u202e', '\uffff', '😀'.repeat(20), 'é'.repeat(300)),
    fc.uint8Array({ maxLength: 300 }),
    fc.date({ noInvalidDate: true, min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z') }),
    ndArrays(),
  )
}

function keys(): fc.Arbitrary<string> {
  const awkward = [
    '',
    'constructor',
    'hasOwnProperty',
    'toString',
    'toJSON',
    'then',
    'length',
    'valueOf',
    '0',
    '-1',
    'a.b',
  ]
  return fc
    .oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.constantFrom(...awkward))
    .filter((key) => key !== '__proto__')
}

/** Any value that is kept from end to end. */
export function values(): fc.Arbitrary<unknown> {
  return fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 5, depthSize: 'small' }, leaves(), tie('list'), tie('map')),
    list: fc.array(tie('value'), { maxLength: 8 }),
    map: fc.dictionary(keys(), tie('value'), { maxKeys: 8, noNullPrototype: false }),
  })).value
}

/** Integers within the safe ones come back as numbers, also when they left as bigints. */
function beyondNumbers(value: bigint): boolean {
  return value > 2n ** 53n || value < -(2n ** 53n)
}

/** True when both mean the same to a program: NaN is NaN, prototypes of maps do not count. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof NdArray) {
    return b instanceof NdArray && a.dtype === b.dtype && same([...a.shape], [...b.shape]) && sameBytes(a.data, b.data)
  }
  if (ArrayBuffer.isView(a)) return ArrayBuffer.isView(b) && a.constructor === b.constructor && sameBytes(a, b)
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime()
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((each, index) => same(each, b[index]))
  const mine = Object.entries(a)
  return (
    !Array.isArray(b) &&
    mine.length === Object.keys(b).length &&
    mine.every(([key, value]) => Object.hasOwn(b, key) && same(value, (b as Record<string, unknown>)[key]))
  )
}

function sameBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  return Buffer.compare(rawOf(a), rawOf(b)) === 0
}

function rawOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}
