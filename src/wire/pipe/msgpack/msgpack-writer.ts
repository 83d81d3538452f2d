// MessagePack, written by hand into memory that grows; large bytes are left where they are.

import type { MessageWriter } from '../frame-codec.js'
import type { Reals, Texts } from '../frames/field-types.js'
import { lengthBytes } from '../frames/limits.js'

/** Memory is taken in slabs: what was written leaves as views of one, and whoever sends them keeps it alive. */
const slabBytes = 64 * 1024

/** Larger bytes are pieces of their own. */
const copiedBytes = 32 * 1024

/** Texts that are so short are cheaper to write letter by letter than through the runtime. */
const shortText = 40

/** Writes one message after the other. */
export class MsgpackWriter implements MessageWriter {
  #slab = Buffer.allocUnsafeSlow(slabBytes)
  /** Where the current piece begins in the slab, and where it ends so far. */
  #from = 0
  #at = 0
  #pieces: Uint8Array[] = []

  /** Begins a message: room is left for its length. */
  begin(): void {
    this.#pieces = []
    this.#from = this.#at
    this.#reserve(lengthBytes)
    this.#at += lengthBytes
  }

  finish(): Uint8Array[] {
    if (this.#at > this.#from) this.#cut()
    const pieces = this.#pieces
    this.#pieces = []
    return pieces
  }

  list(members: number): void {
    if (members < 16) this.#byte(0x90 | members)
    else if (members < 0x10000) this.#byteAnd16(0xdc, members)
    else this.#byteAnd32(0xdd, members)
  }

  nil(): void {
    this.#byte(0xc0)
  }

  flag(value: boolean): void {
    this.#byte(value ? 0xc3 : 0xc2)
  }

  whole(value: number): void {
    if (value < 0x80) this.#byte(value)
    else if (value < 0x100) this.#byteAnd8(0xcc, value)
    else if (value < 0x10000) this.#byteAnd16(0xcd, value)
    else if (value < 0x100000000) this.#byteAnd32(0xce, value)
    else {
      this.#byteAnd32(0xcf, Math.floor(value / 0x100000000))
      this.#reserve(4)
      this.#at = put32(this.#slab, this.#at, value)
    }
  }

  text(value: string): void {
    if (value.length < shortText && this.#shortText(value)) return
    const length = Buffer.byteLength(value)
    if (length < 32) this.#byte(0xa0 | length)
    else if (length < 0x100) this.#byteAnd8(0xd9, length)
    else if (length < 0x10000) this.#byteAnd16(0xda, length)
    else this.#byteAnd32(0xdb, length)
    this.#reserve(length)
    this.#at += this.#slab.write(value, this.#at, length)
  }

  bytes(value: Uint8Array): void {
    const { length } = value
    if (length < 0x100) this.#byteAnd8(0xc4, length)
    else if (length < 0x10000) this.#byteAnd16(0xc5, length)
    else this.#byteAnd32(0xc6, length)
    if (length > copiedBytes) return this.#borrow(value)
    this.#reserve(length)
    this.#slab.set(value, this.#at)
    this.#at += length
  }

  texts(value: Readonly<Texts>): void {
    const keys = Object.keys(value)
    this.#map(keys.length)
    for (const key of keys) {
      this.text(key)
      this.text(value[key] as string)
    }
  }

  reals(value: Readonly<Reals>): void {
    const keys = Object.keys(value)
    this.#map(keys.length)
    for (const key of keys) {
      this.text(key)
      this.#reserve(9)
      this.#slab[this.#at] = 0xcb
      this.#slab.writeDoubleBE(value[key] as number, this.#at + 1)
      this.#at += 9
    }
  }

  #map(entries: number): void {
    if (entries < 16) this.#byte(0x80 | entries)
    else if (entries < 0x10000) this.#byteAnd16(0xde, entries)
    else this.#byteAnd32(0xdf, entries)
  }

  /** False, with nothing written, where the text is not plain ASCII. */
  #shortText(value: string): boolean {
    const { length } = value
    this.#reserve(length + 2)
    const slab = this.#slab
    let at = this.#at
    if (length >= 32) slab[at++] = 0xd9
    slab[at++] = length < 32 ? 0xa0 | length : length
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index)
      if (code > 0x7f) return false
      slab[at++] = code
    }
    this.#at = at
    return true
  }

  #byte(value: number): void {
    this.#reserve(1)
    this.#slab[this.#at++] = value
  }

  #byteAnd8(byte: number, value: number): void {
    this.#reserve(2)
    this.#slab[this.#at++] = byte
    this.#slab[this.#at++] = value
  }

  #byteAnd16(byte: number, value: number): void {
    this.#reserve(3)
    this.#slab[this.#at++] = byte
    this.#slab[this.#at++] = value >>> 8
    this.#slab[this.#at++] = value
  }

  #byteAnd32(byte: number, value: number): void {
    this.#reserve(5)
    this.#slab[this.#at++] = byte
    this.#at = put32(this.#slab, this.#at, value)
  }

  /** Puts bytes between the pieces as they are. */
  #borrow(value: Uint8Array): void {
    this.#cut()
    this.#pieces.push(value)
  }

  #cut(): void {
    this.#pieces.push(this.#slab.subarray(this.#from, this.#at))
    this.#from = this.#at
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#slab.length) return
    const written = this.#at - this.#from
    const slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, 2 * (written + bytes)))
    this.#slab.copy(slab, 0, this.#from, this.#at)
    this.#slab = slab
    this.#from = 0
    this.#at = written
  }
}

function put32(into: Uint8Array, at: number, value: number): number {
  into[at] = value >>> 24
  into[at + 1] = value >>> 16
  into[at + 2] = value >>> 8
  into[at + 3] = value
  return at + 4
}
