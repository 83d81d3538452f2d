// Arrays as bytes: two bytes of header length, the header, zeros up to a multiple of eight, the elements.
import { Packr } from 'msgpackr'
import { bytesOf, fromBytes, type NdArray } from './nd-array.js'

/** Extension type of an n-dimensional array. */
export const arrayType = 78

// Arrays are packed in the middle of another value: their header needs a buffer of its own.
const headerPackr = new Packr({ useRecords: false, int64AsType: 'auto' } as unknown as ConstructorParameters<
  typeof Packr
>[0])

/** The content of an array's extension. */
export function packArray(array: NdArray): Uint8Array {
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

/**
 * The array of an extension's content.
 *
 * @param elements the raw elements, in a buffer that becomes the array's; by default they are copied from the content
 * @throws Error when it is no array
 */
export function unpackArray(content: Uint8Array, elements: Uint8Array = content.slice(elementsIn(content))): NdArray {
  const [dtype, shape] = new Header(content.subarray(2, 2 + headerLength(content))).read()
  return fromBytes(elements, shape, dtype)
}

/** Where the elements begin in the content of an array's extension. */
export function elementsIn(content: Uint8Array): number {
  return elementsStart(headerLength(content))
}

function headerLength(content: Uint8Array): number {
  return (content[0] ?? 0) | ((content[1] ?? 0) << 8)
}

function elementsStart(length: number): number {
  return (2 + length + 7) & ~7
}

/** Lengths beyond 32 bits would be packed as floats, which are no lengths. */
function wholeNumber(length: number): number | bigint {
  return length > 0xffffffff ? BigInt(length) : length
}

/**
 * Reads a header by hand: `[dtype, [length, …]]`. An unpacker that is asked within another one's work first copies all
 * that the other one reads from, elements included.
 */
class Header {
  readonly #view: DataView
  #position = 0

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  read(): [dtype: string, shape: number[]] {
    if (this.#list() !== 2) throw new Error('an array has a header of two members')
    const dtype = this.#text()
    const shape = Array.from({ length: this.#list() }, () => this.#length())
    if (this.#position !== this.#view.byteLength) throw new Error('bytes follow the header of an array')
    return [dtype, shape]
  }

  #list(): number {
    const tag = this.#view.getUint8(this.#position++)
    if (tag >= 0x90 && tag <= 0x9f) return tag & 0x0f
    if (tag !== 0xdc) throw new Error('the header of an array lacks a list')
    this.#position += 2
    const length = this.#view.getUint16(this.#position - 2)
    if (length > this.#view.byteLength) throw new Error('the header of an array is cut off')
    return length
  }

  #text(): string {
    const tag = this.#view.getUint8(this.#position++)
    if (tag < 0xa0 || tag > 0xbf) throw new Error('the header of an array lacks its dtype')
    let text = ''
    for (let left = tag & 0x1f; left > 0; left--) text += String.fromCharCode(this.#view.getUint8(this.#position++))
    return text
  }

  #length(): number {
    const at = this.#position + 1
    const tag = this.#view.getUint8(this.#position)
    const width = widths[tag] ?? 0
    this.#position = at + width
    if (tag <= 0x7f) return tag
    switch (tag) {
      case 0xcc:
        return this.#view.getUint8(at)
      case 0xcd:
        return this.#view.getUint16(at)
      case 0xce:
        return this.#view.getUint32(at)
      case 0xcf:
      case 0xd3:
        return Number(this.#view.getBigInt64(at))
      default:
        throw new Error('the header of an array has a length that is no whole number')
    }
  }
}

/** Bytes that follow the tag of a whole number. */
const widths: Readonly<Record<number, number>> = { 204: 1, 205: 2, 206: 4, 207: 8, 211: 8 }
