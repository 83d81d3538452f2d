// Values that came in parts, kept until their end comes.
import { maxBytes } from '../codec/admit.js'
import type { Encoded } from '../codec/encoded.js'
import type { Part } from '../wire/wire.js'

/** Bytes that all values may have together which have not come to their end yet, and how many of them there may be. */
const largestSum = 2 * maxBytes
const mostFronts = 10_000

/** A frame whose value may have come in parts. */
export type Joined<F, K extends string> = Omit<F, K> & Readonly<Record<K, Encoded>>

/** The fronts of values whose last frame has not come yet, by call. */
export class Parts {
  readonly #fronts = new Map<number, { parts: Uint8Array[]; bytes: number }>()
  #bytes = 0

  /** Keeps a part. Returns what is wrong with it, if anything is. */
  add({ call, data }: Part): string | undefined {
    const front = this.#fronts.get(call) ?? { parts: [], bytes: 0 }
    front.bytes += data.length
    this.#bytes += data.length
    if (front.bytes > maxBytes) return `a value of more than ${maxBytes} bytes came`
    if (this.#bytes > largestSum) return `values of more than ${largestSum} bytes together were begun`
    if (this.#fronts.size >= mostFronts) return `more than ${mostFronts} values were begun`
    front.parts.push(data)
    this.#fronts.set(call, front)
    return undefined
  }

  /** Puts what came before in front of the bytes in `field` of the frame that ends the value. Nothing is copied. */
  join<K extends string, F extends Record<K, Uint8Array>>(call: number, frame: F, field: K): Joined<F, K> {
    if (this.#fronts.size === 0) return frame
    const front = this.#fronts.get(call)
    if (front === undefined) return frame
    this.drop(call)
    return { ...frame, [field]: [...front.parts, frame[field]] }
  }

  /** Forgets what came of a call's value. */
  drop(call: number): void {
    this.#bytes -= this.#fronts.get(call)?.bytes ?? 0
    this.#fronts.delete(call)
  }
}
