// MessagePack, read by hand: every member is what it has to be, or the message is refused.

import type { MessageReader } from '../frame-codec.js'
import type { Reals, Texts } from '../frames/field-types.js'
import { tooDeep, tooLarge, tooMany, Unreadable } from '../frames/frame-reader.js'
import { maxDepth, maxMembers } from '../frames/limits.js'
import { ByteCursor } from './byte-cursor.js'
import { skipValue } from './msgpack-skip.js'

/** Reads one message after the other. */
export class MsgpackReader implements MessageReader {
  readonly #in = new ByteCursor()
  #budget = 0
  /** Members that are left of each list that is open. */
  readonly #left = new Float64Array(maxDepth)
  #depth = 0

  begin(message: Uint8Array): void {
    this.#in.begin(message)
    this.#budget = maxMembers
    this.#depth = 0
  }

  finish(): void {
    this.#in.finish()
  }

  list(field: string): void {
    if (this.#depth === maxDepth) throw tooDeep(field)
    this.#left[this.#depth++] = this.#listLength(field)
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
    return this.#in.passes(0xc0)
  }

  flag(field: string): boolean {
    const head = this.#in.byte(field)
    if (head === 0xc3) return true
    if (head === 0xc2) return false
    throw misfit(field, 'true or false', head)
  }

  whole(most: number, field: string): number {
    const head = this.#in.byte(field)
    const value = head < 0x80 ? head : this.#integer(head, field)
    if (value > most) throw tooLarge(field, value, most)
    if (value < 0) throw new Unreadable(`${field} is negative`)
    return value
  }

  text(field: string): string {
    const head = this.#in.byte(field)
    if ((head & 0xe0) === 0xa0) return this.#in.text(head & 0x1f, field)
    switch (head) {
      case 0xd9:
        return this.#in.text(this.#in.byte(field), field)
      case 0xda:
        return this.#in.text(this.#in.uint(2, field), field)
      case 0xdb:
        return this.#in.text(this.#in.uint(4, field), field)
      default:
        throw misfit(field, 'a text', head)
    }
  }

  bytes(field: string): Uint8Array {
    const head = this.#in.byte(field)
    switch (head) {
      case 0xc4:
        return this.#in.view(this.#in.byte(field), field)
      case 0xc5:
        return this.#in.view(this.#in.uint(2, field), field)
      case 0xc6:
        return this.#in.view(this.#in.uint(4, field), field)
      default:
        throw misfit(field, 'bytes', head)
    }
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

  skip(field: string): void {
    skipValue(this.#in, field)
  }

  #listLength(field: string): number {
    const head = this.#in.byte(field)
    if ((head & 0xf0) === 0x90) return head & 0x0f
    if (head === 0xdc) return this.#in.uint(2, field)
    if (head === 0xdd) return this.#in.uint(4, field)
    throw misfit(field, 'a list', head)
  }

  #mapSize(field: string): number {
    const head = this.#in.byte(field)
    if ((head & 0xf0) === 0x80) return head & 0x0f
    if (head === 0xde) return this.#in.uint(2, field)
    if (head === 0xdf) return this.#in.uint(4, field)
    throw misfit(field, 'a map', head)
  }

  /** Some libraries write numbers that are not negative with a sign all the same. */
  #integer(head: number, field: string): number {
    if (head >= 0xcc && head <= 0xcf) return this.#in.uint(2 ** (head - 0xcc), field)
    if (head >= 0xd0 && head <= 0xd3) return this.#in.int(2 ** (head - 0xd0), field)
    if (head >= 0xe0) return head - 0x100
    throw misfit(field, 'a whole number', head)
  }

  #real(field: string): number {
    const head = this.#in.byte(field)
    if (head === 0xcb) return this.#in.float(8, field)
    if (head === 0xca) return this.#in.float(4, field)
    return head < 0x80 ? head : this.#integer(head, field)
  }
}

function misfit(field: string, expected: string, head: number): Unreadable {
  return new Unreadable(`${field} is not ${expected}, but begins with 0x${head.toString(16).padStart(2, '0')}`)
}
