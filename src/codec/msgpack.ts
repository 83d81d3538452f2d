// Values to bytes and back: MessagePack with the extension types of docs/protocol.md.
import { addExtension, Packr, Unpackr } from 'msgpackr'
import { SnakepitError } from '../errors/snakepit-error.js'
import { admit, maxBytes, tooLarge } from './admit.js'
import { arrayType, elementsIn, packArray, unpackArray } from './array-bytes.js'
import { copyFrom, type Encoded, lengthOf } from './encoded.js'
import { NdArray } from './nd-array.js'

const packr = new Packr({
  useRecords: false,
  variableMapSize: true,
  useBigIntExtension: true,
  encodeUndefinedAsNil: true,
  // `admit` has called it where it is a function; a member of that name is data.
  useToJSON: false,
} as ConstructorParameters<typeof Packr>[0])

const unpackr = new Unpackr({
  useRecords: false,
  mapsAsObjects: true,
  // What a program gets is its own, to keep, to change and to transfer: never a view of what others read from.
  copyBuffers: true,
  int64AsType: 'auto',
} as unknown as ConstructorParameters<typeof Unpackr>[0])

addExtension({
  Class: NdArray as unknown as new () => NdArray,
  type: arrayType,
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
    throw new SnakepitError('invalid_argument', `the value cannot be encoded: ${(cause as Error).message}`, {
      details: { path: '$' },
      cause,
    })
  }
}

/**
 * Decodes one value. Each byte string and array in it has a buffer of its own.
 *
 * @throws SnakepitError `undecodable_value` when the bytes are no such value
 */
export function decodeValue(encoded: Encoded): unknown {
  try {
    return decode(encoded)
  } catch (cause) {
    throw new SnakepitError('undecodable_value', `a value of ${lengthOf(encoded)} bytes cannot be decoded`, {
      cause,
      mayHaveRun: true,
    })
  }
}

/**
 * Decodes consecutive values of the given sizes. A value that cannot be decoded comes as its own bytes and spoils
 * none of the others.
 */
export function decodeValues(body: Encoded, sizes: readonly number[]): unknown[] {
  if (sizes.length === 1) return [decodeOrBytes(body)]
  const bytes = inOnePiece(body)
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

function decodeOrBytes(encoded: Encoded): unknown {
  try {
    return decode(encoded)
  } catch {
    return copyFrom(encoded, 0)
  }
}

function decode(encoded: Encoded): unknown {
  return encoded instanceof Uint8Array ? unpackr.unpack(plain(encoded)) : decodeParts(encoded)
}

/** Large values are mostly one run of bytes, which then goes from the parts into a buffer of its own without a stop. */
function decodeParts(parts: readonly Uint8Array[]): unknown {
  const [first] = parts
  const length = lengthOf(parts)
  if (first !== undefined && first.length > longestHead) {
    const head = new DataView(first.buffer, first.byteOffset, longestHead)
    if (head.getUint8(0) === 0xc6 && head.getUint32(1) === length - 5) return copyFrom(parts, 5)
    if (head.getUint8(0) === 0xc9 && head.getUint32(1) === length - 6 && head.getUint8(5) === arrayType) {
      const content = plain(first).subarray(6)
      return unpackArray(content, copyFrom(parts, 6 + elementsIn(content)))
    }
  }
  return unpackr.unpack(inOnePiece(parts))
}

/** More bytes than there are in front of the elements of an array. */
const longestHead = 4096

function inOnePiece(encoded: Encoded): Uint8Array {
  return encoded instanceof Uint8Array ? plain(encoded) : copyFrom(encoded, 0)
}

/** A Buffer would make every binary member a Buffer too; programs get the standard type. */
function plain(bytes: Uint8Array): Uint8Array {
  return Buffer.isBuffer(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : bytes
}
