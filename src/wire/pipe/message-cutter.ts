// What comes from a socket, chunk by chunk, cut into messages.
import { SnakepitError } from '../../errors/snakepit-error.js'
import { lengthBytes, maxMessageBytes } from './frames/limits.js'

/** Memory that is taken on the word of a length alone; for more, a share of the message must have come. */
const trustedBytes = 2 * 1024 * 1024

/** How much further memory is taken for each byte that has come. */
const growth = 4

/**
 * Cuts a stream of bytes at its lengths. A message that lies within one chunk is a view of it; one that came in several
 * is copied once, and in part once more where it is larger than ordinary messages are.
 */
export class MessageCutter {
  /** Of a length that has not come as a whole. */
  #head = 0
  #headBytes = 0
  /** Of a message that has not come as a whole. */
  #message: Buffer | undefined
  #messageBytes = 0
  #filled = 0

  /** What has come of a message that is not whole, in words; undefined between two messages. */
  get unfinished(): string | undefined {
    if (this.#message !== undefined) return `${this.#filled} of its ${this.#messageBytes} bytes`
    return this.#headBytes > 0 ? `${this.#headBytes} bytes of its length` : undefined
  }

  /**
   * Takes in a chunk, and puts the messages that are whole now at the end of a list.
   *
   * @throws SnakepitError `protocol_error` for a length out of bounds
   */
  push(chunk: Buffer, into: Uint8Array[]): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#message !== undefined) at = this.#fill(this.#message, chunk, at, into)
      else if (this.#headBytes === 0 && chunk.length - at >= lengthBytes) {
        const length = checked(chunk.readUInt32BE(at))
        at += lengthBytes
        if (chunk.length - at < length) this.#begin(length)
        else {
          into.push(chunk.subarray(at, at + length))
          at += length
        }
      } else {
        this.#head = this.#head * 256 + (chunk[at++] as number)
        if (++this.#headBytes === lengthBytes) this.#begin(checked(this.#head))
      }
    }
  }

  #begin(length: number): void {
    this.#head = 0
    this.#headBytes = 0
    this.#messageBytes = length
    this.#filled = 0
    this.#message = Buffer.allocUnsafeSlow(Math.min(length, trustedBytes))
  }

  #fill(message: Buffer, chunk: Buffer, at: number, into: Uint8Array[]): number {
    const copied = chunk.copy(message, this.#filled, at)
    this.#filled += copied
    if (this.#filled === this.#messageBytes) {
      into.push(message)
      this.#message = undefined
    } else if (this.#filled === message.length) {
      this.#message = Buffer.allocUnsafeSlow(Math.min(this.#messageBytes, growth * message.length))
      message.copy(this.#message)
    }
    return at + copied
  }
}

function checked(length: number): number {
  if (length > 0 && length <= maxMessageBytes) return length
  const what = `the other side announced a message of ${length} bytes: expected 1 to ${maxMessageBytes}`
  throw new SnakepitError('protocol_error', what, { mayHaveRun: true })
}
