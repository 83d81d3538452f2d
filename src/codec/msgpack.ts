// Values to bytes and back: MessagePack with the extension types of docs/protocol.md.
import { addExtension, Packr, Unpackr } from 'msgpackr'
import { SnakepitError } from '../errors/snakepit-error.js'
import { admit, maxBytes, tooLarge } from './admit.js'
import { bytesOf, fromBytes, NdArray } from './nd-array.js'

/** Extension type of an n-dimensional array. */
const ndArrayType = 78

const packr = new Packr({
  useRecords: false,
  variableMapSize: true,
  useBigIntExtension: true,
  encodeUndefinedAsNil: true,
  // `admit` has called it where it is a function; a member of that name is data.
  useToJSON: false,
} as ConstructorParameters<typeof Packr>[0])

// Arrays are packed in the middle of another value: their header needs a buffer of its own.
const headerPackr = new Packr({ useRecords: false, int64AsType: 'auto' } as unknown as ConstructorParameters<
  typeof Packr
>[0])

const unpackr = new Unpackr({
  useRecords: false,
  mapsAsObjects: true,
  int64AsType: 'auto',
} as unknown as ConstructorParameters<typeof Unpackr>[0])

addExtension({
  Class: NdArray as unknown as new () => NdArray,
  type: ndArrayType,
  pack: (array: NdArray) => packArray(array),
  unpack: (content: Uint8Array) => unpackArray(content),
} as Parameters<typeof addExtension>[0])

/**
 * Encodes one value.
 *
 * @throws SnakepitError `invalid_argument` naming the path of what cannot be encoded, `value_too_large` with the limit
 */
export function encodeValue(value: unknown): Uint8Array {
  const bytes = pack(admit(value))
  if (bytes.length > maxBytes) throw tooLarge([], bytes.length)
  return bytes
}

function pack(admitted: unknown): Uint8Array {
  try {
    return packr.pack(admitted)
  } catch (cause) {
    throw new SnakepitError('invalid_argument', `the value cannot be encoded: ${(cause as Error).message}`, { cause })
  }
}

/**
 * Decodes one value. Binary members are views of `bytes`.
 *
 * @throws SnakepitError `undecodable_value` when the bytes are no such value
 */
export function decodeValue(bytes: Uint8Array): unknown {
  try {
    return unpackr.unpack(plain(bytes))
  } catch (cause) {
    throw new SnakepitError('undecodable_value', `a value of ${bytes.length} bytes cannot be decoded`, {
      cause,
      mayHaveRun: true,
    })
  }
}

/**
 * Decodes consecutive values of the given sizes. A value that cannot be decoded comes as its own bytes and spoils
 * none of the others.
 */
export function decodeValues(body: Uint8Array, sizes: readonly number[]): unknown[] {
  const bytes = plain(body)
  if (sizes.length === 1) return [decodeOrBytes(bytes)]
  try {
    const values: unknown[] = []
    let expected = 0
    unpackr.unpackMultiple(bytes, (value: unknown, start?: number, end?: number) => {
      const size = sizes[values.length]
      if (start !== expected || size === undefined || end !== expected + size) throw new Error('sizes disagree')
      expected += size
      values.push(value)
    })
    if (values.length === sizes.length) return values
  } catch {
    // One of them is broken: find out which.
  }
  let offset = 0
  return sizes.map((size) => {
    const item = bytes.subarray(offset, offset + size)
    offset += size
    return decodeOrBytes(item)
  })
}

function decodeOrBytes(bytes: Uint8Array): unknown {
  try {
    return unpackr.unpack(bytes)
  } catch {
    return bytes
  }
}

/** A Buffer would make every binary member a Buffer too; programs get the standard type. */
function plain(bytes: Uint8Array): Uint8Array {
  return Buffer.isBuffer(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : bytes
}

// Two bytes of header length, the header, zeros up to a multiple of eight, the elements.
function packArray(array: NdArray): Uint8Array {
  const header = headerPackr.pack([array.dtype, array.shape.map(wholeNumber)])
  const elements = bytesOf(array)
  const start = elementsStart(header.length)
  const content = new Uint8Array(start + elements.length)
  content[0] = header.length & 0xff
  content[1] = header.length >> 8
  content.set(header, 2)
  content.set(elements, start)
  return content
}

function unpackArray(content: Uint8Array): NdArray {
  const bytes = plain(content)
  const length = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8)
  const [dtype, shape] = headerPackr.unpack(bytes.slice(2, 2 + length)) as [string, number[]]
  return fromBytes(bytes.subarray(elementsStart(length)), shape, dtype)
}

/** Lengths beyond 32 bits would be packed as floats, which are no lengths. */
function wholeNumber(length: number): number | bigint {
  return length > 0xffffffff ? BigInt(length) : length
}

function elementsStart(headerLength: number): number {
  return (2 + headerLength + 7) & ~7
}
