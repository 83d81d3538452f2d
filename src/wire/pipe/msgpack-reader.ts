// MessagePack, read by hand: every member is what it has to be, or the message is refused.
import { isUtf8 } from 'node:buffer'
import type { Reals, Texts } from './field-types.js'
import type { MessageReader } from './frame-codec.js'
import { tooDeep, tooLarge, tooMany, Unreadable } from './frame-reader.js'
import { maxDepth, maxMembers } from './limits.js'

/** Texts that are so short are cheaper to read letter by letter than through the runtime. */
const shortText = 24
const none = Buffer.alloc(0)
const replacement = '\ufffd'

/** Reads one message after the other. */
export class MsgpackReader implements MessageReader {
  #bytes: Buffer = none
  #at = 0
  #budget = 0
  /** Members that are left of each list that is open. */
  readonly #left = new Float64Array(maxDepth)
  #depth = 0

  begin(message: Uint8Array): void {
    this.#bytes = bufferOf(message)
    this.#at = 0
    this.#budget = maxMembers
    this.#depth = 0
  }

  /** Says that the message ends here, and lets go of it. */
  finish(): void {
    const rest = this.#bytes.length - this.#at
    if (rest > 0) throw new Unreadable(`${rest} bytes follow the last frame`)
    this.#bytes = none
  }

  list(field: string): void {
    if (this.#depth === maxDepth) throw tooDeep(field)
    const head = this.#byte(field)
    if ((head & 0xf0) === 0x90) this.#left[this.#depth++] = head & 0x0f
    else if (head === 0xdc) this.#left[this.#depth++] = this.#uint(2, field)
    else if (head === 0xdd) this.#left[this.#depth++] = this.#uint(4, field)
    else throw this.#misfit(field, 'a list', head)
  }

  more(): boolean {
    const top = this.#depth - 1
    const left = this.#left[top] as number
    if (left > 0) {
      this.#left[top] = left - 1
      return true
    }
    this.#depth = top
    return false
  }

  count(field: string): void {
    if (--this.#budget < 0) throw tooMany(field)
  }

  nil(): boolean {
    if (this.#bytes[this.#at] !== 0xc0) return false
    this.#at++
    return true
  }

  flag(field: string): boolean {
    const head = this.#byte(field)
    if (head === 0xc3) return true
    if (head === 0xc2) return false
    throw this.#misfit(field, 'true or false', head)
  }

  whole(most: number, field: string): number {
    const head = this.#byte(field)
    const value = head < 0x80 ? head : this.#wideWhole(head, field)
    if (value > most) throw tooLarge(field, value, most)
    return value
  }

  text(field: string): string {
    const head = this.#byte(field)
    let length: number
    if ((head & 0xe0) === 0xa0) length = head & 0x1f
    else if (head === 0xd9) length = this.#byte(field)
    else if (head === 0xda) length = this.#uint(2, field)
    else if (head === 0xdb) length = this.#uint(4, field)
    else throw this.#misfit(field, 'a text', head)
    return this.#text(length, field)
  }

  bytes(field: string): Uint8Array {
    const head = this.#byte(field)
    let length: number
    if (head === 0xc4) length = this.#byte(field)
    else if (head === 0xc5) length = this.#uint(2, field)
    else if (head === 0xc6) length = this.#uint(4, field)
    else throw this.#misfit(field, 'bytes', head)
    const from = this.#take(length, field)
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + from, length)
  }

  texts(field: string): Texts {
    const map: Texts = Object.create(null)
    for (let left = this.#mapSize(field); left > 0; left--) {
      this.count(field)
      const key = this.text(field)
      map[key] = this.text(field)
    }
    return map
  }

  reals(field: string): Reals {
    const map: Reals = Object.create(null)
    for (let left = this.#mapSize(field); left > 0; left--) {
      this.count(field)
      const key = this.text(field)
      map[key] = this.#real(field)
    }
    return map
  }

  /** Passes over a value of any type; the values within it are passed over one by one, without a stack. */
  skip(field: string): void {
    for (let values = 1; values > 0; values--) {
      const head = this.#byte(field)
      if (head < 0x80 || head >= 0xe0 || head === 0xc0 || head === 0xc2 || head === 0xc3) continue
      if (head < 0x90) values += 2 * (head & 0x0f)
      else if (head < 0xa0) values += head & 0x0f
      else if (head < 0xc0) this.#take(head & 0x1f, field)
      else values += this.#skipWide(head, field)
    }
  }

  /** The number of values that follow within. */
  #skipWide(head: number, field: string): number {
    switch (head) {
      case 0xc4:
      case 0xd9:
        this.#take(this.#byte(field), field)
        return 0
      case 0xc5:
      case 0xda:
        this.#take(this.#uint(2, field), field)
        return 0
      case 0xc6:
      case 0xdb:
        this.#take(this.#uint(4, field), field)
        return 0
      case 0xc7:
      case 0xc8:
      case 0xc9:
        this.#take(this.#uint(2 ** (head - 0xc7), field) + 1, field)
        return 0
      case 0xdc:
        return this.#uint(2, field)
      case 0xdd:
        return this.#uint(4, field)
      case 0xde:
        return 2 * this.#uint(2, field)
      case 0xdf:
        return 2 * this.#uint(4, field)
      default: {
        const size = fixedSizes[head]
        if (size === undefined) throw this.#misfit(field, 'a value', head)
        this.#take(size, field)
        return 0
      }
    }
  }

  #wideWhole(head: number, field: string): number {
    switch (head) {
      case 0xcc:
        return this.#byte(field)
      case 0xcd:
        return this.#uint(2, field)
      case 0xce:
        return this.#uint(4, field)
      case 0xcf:
        return this.#uint(8, field)
      case 0xd0:
      case 0xd1:
      case 0xd2:
      case 0xd3:
        return this.#signed(2 ** (head - 0xd0), field)
      default:
        throw this.#misfit(field, 'a whole number', head)
    }
  }

  #real(field: string): number {
    const head = this.#byte(field)
    if (head === 0xcb) return this.#bytes.readDoubleBE(this.#take(8, field))
    if (head === 0xca) return this.#bytes.readFloatBE(this.#take(4, field))
    if (head < 0x80) return head
    if (head >= 0xe0) return head - 0x100
    switch (head) {
      case 0xd0:
        return this.#bytes.readInt8(this.#take(1, field))
      case 0xd1:
        return this.#bytes.readInt16BE(this.#take(2, field))
      case 0xd2:
        return this.#bytes.readInt32BE(this.#take(4, field))
      case 0xd3:
        return Number(this.#bytes.readBigInt64BE(this.#take(8, field)))
      default:
        return this.#wideWhole(head, field)
    }
  }

  #mapSize(field: string): number {
    const head = this.#byte(field)
    if ((head & 0xf0) === 0x80) return head & 0x0f
    if (head === 0xde) return this.#uint(2, field)
    if (head === 0xdf) return this.#uint(4, field)
    throw this.#misfit(field, 'a map', head)
  }

  #text(length: number, field: string): string {
    const from = this.#take(length, field)
    if (length < shortText) {
      const short = asciiText(this.#bytes, from, length)
      if (short !== undefined) return short
    }
    const value = this.#bytes.toString('utf8', from, from + length)
    // What cannot be read is replaced; only then is it worth the look.
    if (value.includes(replacement) && !isUtf8(this.#bytes.subarray(from, from + length))) {
      throw new Unreadable(`${field} is not UTF-8`)
    }
    return value
  }

  #byte(field: string): number {
    if (this.#at >= this.#bytes.length) throw this.#ended(field)
    return this.#bytes[this.#at++] as number
  }

  /** Exact up to 53 bits. */
  #uint(width: number, field: string): number {
    let at = this.#take(width, field)
    let value = 0
    for (; at < this.#at; at++) value = value * 256 + (this.#bytes[at] as number)
    return value
  }

  /** Some libraries write numbers that are not negative with a sign all the same. */
  #signed(width: number, field: string): number {
    const value = this.#uint(width, field)
    if (value >= 2 ** (8 * width - 1)) throw new Unreadable(`${field} is negative`)
    return value
  }

  /** Goes on by so many bytes, and gives where they begin. */
  #take(length: number, field: string): number {
    const from = this.#at
    if (length > this.#bytes.length - from) throw this.#ended(field)
    this.#at = from + length
    return from
  }

  #ended(field: string): Error {
    return new Unreadable(`the message of ${this.#bytes.length} bytes ends within ${field}`)
  }

  #misfit(field: string, expected: string, head: number): Error {
    return new Unreadable(`${field} is not ${expected}, but begins with 0x${head.toString(16).padStart(2, '0')}`)
  }
}

/** Bytes behind the first one, of types whose length is fixed. */
const fixedSizes: Readonly<Record<number, number>> = {
  202: 4,
  203: 8,
  204: 1,
  205: 2,
  206: 4,
  207: 8,
  208: 1,
  209: 2,
  210: 4,
  211: 8,
  212: 2,
  213: 3,
  214: 5,
  215: 9,
  216: 17,
}

function asciiText(bytes: Uint8Array, from: number, length: number): string | undefined {
  let text = ''
  for (let at = from; at < from + length; at++) {
    const code = bytes[at] as number
    if (code > 0x7f) return undefined
    text += String.fromCharCode(code)
  }
  return text
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
