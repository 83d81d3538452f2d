// JSON, read by hand: every member is what it has to be, or the message is refused. What JSON.parse would make of a
// hostile message, sixty bytes of memory for each bracket, is never made.
import { isUtf8 } from 'node:buffer'
import type { MessageReader } from '../frame-codec.js'
import type { Reals, Texts } from '../frames/field-types.js'
import { tooDeep, tooLarge, tooMany, Unreadable } from '../frames/frame-reader.js'
import { maxDepth, maxMembers } from '../frames/limits.js'

const [quote, comma, minus, zero, nine, backslash] = [34, 44, 45, 48, 57, 92]
const [openList, closeList, openMap, closeMap, colon] = [91, 93, 123, 125, 58]

/** Reads one message after the other. */
export class JsonReader implements MessageReader {
  #text = ''
  #at = 0
  #budget = 0
  #depth = 0
  /** True where a list or map was opened and nothing of it has been read. */
  #fresh = false

  begin(message: Uint8Array): void {
    if (!isUtf8(message)) throw new Unreadable('it is not UTF-8')
    this.#text = Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString()
    this.#at = 0
    this.#budget = maxMembers
    this.#depth = 0
  }

  finish(): void {
    this.#space()
    const rest = this.#text.length - this.#at
    if (rest > 0) throw new Unreadable(`${rest} characters follow the last frame`)
    this.#text = ''
  }

  list(field: string): void {
    this.#open(openList, 'a list', field)
  }

  more(): boolean {
    return this.#next(closeList)
  }

  count(field: string): void {
    if (--this.#budget < 0) throw tooMany(field)
  }

  nil(): boolean {
    return this.#word('null')
  }

  flag(field: string): boolean {
    if (this.#word('true')) return true
    if (this.#word('false')) return false
    throw this.#misfit(field, 'true or false')
  }

  whole(most: number, field: string): number {
    const from = this.#space()
    let value = 0
    let code = this.#text.charCodeAt(from)
    for (; code >= zero && code <= nine; code = this.#text.charCodeAt(++this.#at)) value = value * 10 + (code - zero)
    const digits = this.#at - from
    const isWhole = digits > 0 && !continuesNumber(code) && (digits === 1 || this.#text.charCodeAt(from) !== zero)
    if (!isWhole) throw this.#misfit(field, 'a whole number', from)
    if (value > most) throw tooLarge(field, value, most)
    return value
  }

  text(field: string): string {
    const from = this.#space()
    if (this.#text.charCodeAt(from) !== quote) throw this.#misfit(field, 'a text')
    let end = from
    do {
      end = this.#text.indexOf('"', end + 1)
      if (end < 0) throw this.#ended(field)
    } while (isEscaped(this.#text, end))
    this.#at = end + 1
    try {
      return JSON.parse(this.#text.slice(from, this.#at)) as string
    } catch {
      throw this.#misfit(field, 'a text', from)
    }
  }

  bytes(field: string): Uint8Array {
    const text = this.text(field)
    const bytes = Buffer.from(text, 'utf8')
    if (bytes.length !== text.length) throw new Unreadable(`${field} is not pure ASCII`)
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  texts(field: string): Texts {
    const map: Texts = Object.create(null)
    this.#open(openMap, 'a map', field)
    while (this.#next(closeMap)) map[this.#name(field)] = this.text(field)
    return map
  }

  reals(field: string): Reals {
    const map: Reals = Object.create(null)
    this.#open(openMap, 'a map', field)
    while (this.#next(closeMap)) map[this.#name(field)] = this.#real(field)
    return map
  }

  skip(field: string): void {
    switch (this.#text.charCodeAt(this.#space())) {
      case quote:
        this.text(field)
        return
      case openList:
        this.list(field)
        while (this.more()) this.skip(field)
        return
      case openMap:
        this.#open(openMap, 'a map', field)
        while (this.#next(closeMap)) {
          this.#name(field)
          this.skip(field)
        }
        return
      default:
        if (!this.#word('null') && !this.#word('true') && !this.#word('false')) this.#number(field)
    }
  }

  #open(bracket: number, expected: string, field: string): void {
    if (this.#text.charCodeAt(this.#space()) !== bracket) throw this.#misfit(field, expected)
    if (++this.#depth > maxDepth) throw tooDeep(field)
    this.#at++
    this.#fresh = true
  }

  /** Passes over the comma in front of the next member, or over the bracket at the end. */
  #next(bracket: number): boolean {
    const code = this.#text.charCodeAt(this.#space())
    const isFresh = this.#fresh
    this.#fresh = false
    if (code === bracket) {
      this.#at++
      this.#depth--
      return false
    }
    if (isFresh) return true
    if (code !== comma) throw this.#misfit('a list or map', 'followed by a comma or its end')
    this.#at++
    return true
  }

  #name(field: string): string {
    this.count(field)
    const name = this.text(field)
    if (this.#text.charCodeAt(this.#space()) !== colon) throw this.#misfit(field, 'a map')
    this.#at++
    return name
  }

  #real(field: string): number {
    return this.#word('null') ? Number.NaN : this.#number(field)
  }

  #number(field: string): number {
    const from = this.#space()
    let code = this.#text.charCodeAt(from)
    while ((code >= zero && code <= nine) || code === minus || continuesNumber(code)) {
      code = this.#text.charCodeAt(++this.#at)
    }
    const value = numberOf(this.#text.slice(from, this.#at))
    if (value === undefined) throw this.#misfit(field, 'a number', from)
    return value
  }

  #word(word: string): boolean {
    if (!this.#text.startsWith(word, this.#space())) return false
    this.#at += word.length
    return true
  }

  /** Passes over white space, and gives where it ends. */
  #space(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return this.#at
      this.#at++
    }
  }

  #ended(field: string): Unreadable {
    return new Unreadable(`the message of ${this.#text.length} characters ends within ${field}`)
  }

  #misfit(field: string, expected: string, at = this.#at): Unreadable {
    if (at >= this.#text.length) return this.#ended(field)
    return new Unreadable(
      `${field} is not ${expected}, but begins with ${JSON.stringify(this.#text.slice(at, at + 12))}`,
    )
  }
}

/** What may stand in a number beside digits and a sign in front: `.`, `e`, `E`, `+`, `-`. */
function continuesNumber(code: number): boolean {
  return code === 46 || code === 101 || code === 69 || code === 43 || code === minus
}

/** A finite number of JSON. There is no -0: it would be written as 0. */
function numberOf(text: string): number | undefined {
  try {
    const value = JSON.parse(text) as number
    return Number.isFinite(value) ? value + 0 : undefined
  } catch {
    return undefined
  }
}

/** True where an odd number of backslashes stands before the character. */
function isEscaped(text: string, at: number): boolean {
  let from = at
  while (text.charCodeAt(from - 1) === backslash) from--
  return (at - from) % 2 === 1
}
