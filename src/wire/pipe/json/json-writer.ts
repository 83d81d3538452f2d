// JSON: lists are built as they will be, and written by the runtime in one go.
import { isAscii } from 'node:buffer'
import { SnakepitError } from '../../../errors/snakepit-error.js'
import type { MessageWriter } from '../frame-codec.js'
import type { Reals, Texts } from '../frames/field-types.js'
import { lengthBytes } from '../frames/limits.js'

interface OpenList {
  readonly members: unknown[]
  readonly length: number
}

/** Writes one message after the other. */
export class JsonWriter implements MessageWriter {
  #root: unknown
  #open: OpenList[] = []

  begin(): void {
    this.#root = undefined
    this.#open = []
  }

  finish(): Uint8Array[] {
    const text = JSON.stringify(this.#root)
    this.#root = undefined
    const message = Buffer.allocUnsafeSlow(lengthBytes + Buffer.byteLength(text))
    message.write(text, lengthBytes)
    return [message]
  }

  list(length: number): void {
    const members: unknown[] = []
    this.#put(members)
    if (length > 0) this.#open.push({ members, length })
  }

  nil(): void {
    this.#put(null)
  }

  flag(value: boolean): void {
    this.#put(value)
  }

  whole(value: number): void {
    this.#put(value)
  }

  text(value: string): void {
    this.#put(value)
  }

  bytes(value: Uint8Array): void {
    if (!isAscii(value)) {
      throw new SnakepitError('protocol_error', 'a frame cannot be sent: a value is not JSON in pure ASCII')
    }
    this.#put(latin1(value))
  }

  texts(value: Readonly<Texts>): void {
    this.#put(value)
  }

  /** JSON has no form for what is not finite: it travels as null. */
  reals(value: Readonly<Reals>): void {
    this.#put(value)
  }

  #put(value: unknown): void {
    const last = this.#open.at(-1)
    if (last === undefined) {
      this.#root = value
      return
    }
    last.members.push(value)
    // A list that is full is closed; one that follows is a member of the list around it.
    if (last.members.length === last.length) this.#open.pop()
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
