// An n-dimensional array: elements and shape, as numpy knows it.
import { SnakepitError } from '../errors/snakepit-error.js'

/** Array types whose elements travel as raw bytes. */
export type TypedArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array

/** Element types, by numpy's names. `float16` elements come as their raw 16 bits, complex ones as pairs. */
export type DType =
  | 'bool'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'float16'
  | 'float32'
  | 'float64'
  | 'complex64'
  | 'complex128'

interface TypedArrayConstructor {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TypedArray
}

interface Layout {
  readonly array: TypedArrayConstructor
  /** Array elements that make one element of the ndarray. */
  readonly lanes: number
}

const layouts: Readonly<Record<DType, Layout>> = {
  bool: { array: Uint8Array, lanes: 1 },
  int8: { array: Int8Array, lanes: 1 },
  uint8: { array: Uint8Array, lanes: 1 },
  int16: { array: Int16Array, lanes: 1 },
  uint16: { array: Uint16Array, lanes: 1 },
  int32: { array: Int32Array, lanes: 1 },
  uint32: { array: Uint32Array, lanes: 1 },
  int64: { array: BigInt64Array, lanes: 1 },
  uint64: { array: BigUint64Array, lanes: 1 },
  float16: { array: Uint16Array, lanes: 1 },
  float32: { array: Float32Array, lanes: 1 },
  float64: { array: Float64Array, lanes: 1 },
  complex64: { array: Float32Array, lanes: 2 },
  complex128: { array: Float64Array, lanes: 2 },
}

/**
 * A numpy array on the TypeScript side, and what a TypeScript typed array becomes for Python.
 * `data` holds the elements in C order; its length is the product of `shape` (twice that for complex types).
 *
 * @example
 * ```ts
 * const matrix = new NdArray(new Float32Array([1, 2, 3, 4, 5, 6]), [2, 3])
 * const product = await pit.execute<NdArray>('multiply', { matrix })
 * product.shape // [2, 2]
 * ```
 */
export class NdArray<T extends TypedArray = TypedArray> {
  readonly data: T
  readonly shape: readonly number[]
  readonly dtype: DType

  /**
   * @param data elements in C order
   * @param shape lengths of the dimensions; default one dimension
   * @param dtype element type; default the one that `data` implies
   * @throws SnakepitError `invalid_argument` when `shape` and `data.length` disagree
   */
  constructor(data: T, shape: readonly number[] = [data.length], dtype: DType = dtypeOf(data)) {
    const layout = layoutOf(dtype)
    if (layout === undefined || !(data instanceof layout.array)) {
      throw new SnakepitError(
        'invalid_argument',
        `expected ${dtype} elements in a ${layout?.array.name ?? 'typed array'}`,
      )
    }
    const expected = shape.reduce((product, length) => product * length, 1) * layout.lanes
    if (data.length !== expected || !shape.every((length) => Number.isSafeInteger(length) && length >= 0)) {
      throw new SnakepitError(
        'invalid_argument',
        `expected ${expected} elements for shape [${shape.join(', ')}] of ${dtype}, got ${data.length}`,
      )
    }
    this.data = data
    this.shape = Object.freeze([...shape])
    this.dtype = dtype
  }
}

/** The element type that a typed array implies. */
export function dtypeOf(data: TypedArray): DType {
  if (data instanceof Uint8Array) return 'uint8'
  for (const [dtype, { array }] of Object.entries(layouts)) {
    if (dtype !== 'bool' && data instanceof array) return dtype as DType
  }
  throw new SnakepitError('invalid_argument', 'expected a typed array of integers or floats')
}

/** Makes the array of raw little-endian bytes, which must begin their buffer and fill it: the array is a view of it. */
export function fromBytes(bytes: Uint8Array, shape: readonly number[], dtype: string): NdArray {
  const layout = layoutOf(dtype)
  if (layout === undefined) throw new Error(`arrays of dtype '${dtype}' are not known here`)
  const width = layout.array.BYTES_PER_ELEMENT
  if (bytes.byteLength % width !== 0) throw new Error(`${bytes.byteLength} bytes are no whole number of ${dtype}`)
  const data = new layout.array(bytes.buffer, bytes.byteOffset, bytes.byteLength / width)
  return new NdArray(data, shape, dtype as DType)
}

function layoutOf(dtype: string): Layout | undefined {
  return Object.hasOwn(layouts, dtype) ? layouts[dtype as DType] : undefined
}

/** The elements of an array as raw bytes, without copying. */
export function bytesOf(array: NdArray): Uint8Array {
  const { buffer, byteOffset, byteLength } = array.data
  return new Uint8Array(buffer, byteOffset, byteLength)
}
