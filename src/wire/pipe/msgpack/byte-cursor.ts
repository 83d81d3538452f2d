// A place in a message: what is taken moves it on, and nothing is taken that is not there.
import { isUtf8 } from 'node:buffer'
import { Unreadable } from '../frames/frame-reader.js'

/** Texts that are so short are cheaper to read letter by letter than through the runtime. */
const shortText = 24
const none = Buffer.alloc(0)
const replacement = '\ufffd'

/** Takes bytes of one message after the other. `field` names what they are for in the error. */
export class ByteCursor {
  #bytes: Buffer = none
  #at = 0

  begin(message: Uint8Array): void {
    this.#bytes = bufferOf(message)
    this.#at = 0
  }

  /** Says that the message has to end here, and lets go of it. */
  finish(): void {
    const rest = this.#bytes.length - this.#at
    if (rest > 0) throw new Unreadable(`${rest} bytes follow the last frame`)
    this.#bytes = none
  }

  /** True where this byte comes, which is passed over. */
  passes(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false
    this.#at++
    return true
  }

  byte(field: string): number {
    if (this.#at >= this.#bytes.length) throw this.#ended(field)
    return this.#bytes[this.#at++] as number
  }

  /** A big-endian integer; exact up to 53 bits. */
  uint(width: number, field: string): number {
    let at = this.#take(width, field)
    let value = 0
    for (; at < this.#at; at++) value = value * 256 + (this.#bytes[at] as number)
    return value
  }

  /** A big-endian integer with a sign. */
  int(width: number, field: string): number {
    const value = this.uint(width, field)
    return value < 2 ** (8 * width - 1) ? value : value - 2 ** (8 * width)
  }

  float(width: 4 | 8, field: string): number {
    const from = this.#take(width, field)
    return width === 8 ? this.#bytes.readDoubleBE(from) : this.#bytes.readFloatBE(from)
  }

  /** A view of the message. */
  view(length: number, field: string): Uint8Array {
    const from = this.#take(length, field)
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + from, length)
  }

  text(length: number, field: string): string {
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

  skip(length: number, field: string): void {
    this.#take(length, field)
  }

  /** Goes on by so many bytes, and gives where they begin. */
  #take(length: number, field: string): number {
    const from = this.#at
    if (length > this.#bytes.length - from) throw this.#ended(field)
    this.#at = from + length
    return from
  }

  #ended(field: string): Unreadable {
    return new Unreadable(`the message of ${this.#bytes.length} bytes ends within ${field}`)
  }
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
