// Items coming in: decoded a frame at a time as they are taken, and acknowledged as they were taken.
import { lengthOf } from '../codec/encoded.js'
import { decodeValues } from '../codec/msgpack.js'
import type { Items, Window } from '../wire/wire.js'
import type { DataChunk } from './chunk.js'
import type { Joined } from './parts.js'

/** Metadata of items that have none; shared, so that plain items cost nothing. */
export const noMetadata: Readonly<Record<string, string>> = Object.freeze(Object.create(null))

/** A frame of items, as it came. */
export type ArrivedItems = Joined<Items, 'body'>

/** The consumer's side of a window: what has arrived, what was taken, what was said about it. */
export class Inflow {
  readonly #window: Window
  readonly #acknowledge: (items: number, bytes: number) => void
  readonly #frames: ArrivedItems[] = []
  #values: unknown[] = []
  #current: ArrivedItems | undefined
  #position = 0
  #arrivedItems = 0
  #arrivedBytes = 0
  #takenItems = 0
  #takenBytes = 0
  #saidItems = 0
  #saidBytes = 0

  /** @param acknowledge tells the producer the cumulative counts of items and bytes taken */
  constructor(window: Window, acknowledge: (items: number, bytes: number) => void) {
    this.#window = window
    this.#acknowledge = acknowledge
  }

  /** Takes in a frame. Returns what is wrong with it, if anything is. */
  accept(items: ArrivedItems): string | undefined {
    if (items.first !== this.#arrivedItems) return `item ${items.first} came where ${this.#arrivedItems} was due`
    const ahead = this.#arrivedItems - this.#saidItems
    if (ahead + items.sizes.length > this.#window.items)
      return `more items came than the window of ${this.#window.items}`
    let bytes = 0
    for (const size of items.sizes) {
      if (this.#arrivedBytes + bytes - this.#saidBytes >= this.#window.bytes) {
        return `more bytes came than the window of ${this.#window.bytes}`
      }
      bytes += size
    }
    const length = lengthOf(items.body)
    if (bytes !== length) return `a frame of ${length} bytes announces ${bytes}`
    this.#arrivedItems += items.sizes.length
    this.#arrivedBytes += bytes
    if (items.sizes.length > 0) this.#frames.push(items)
    return undefined
  }

  /** True when nothing waits to be taken. */
  get empty(): boolean {
    return this.#current === undefined && this.#frames.length === 0
  }

  /** Items taken so far. */
  get taken(): number {
    return this.#takenItems
  }

  /** The next item as a chunk, or undefined when none has arrived. */
  take(): DataChunk | undefined {
    let current = this.#current
    if (current === undefined) {
      current = this.#frames.shift()
      if (current === undefined) return undefined
      this.#current = current
      this.#values = decodeValues(current.body, current.sizes)
      this.#position = 0
    }
    const position = this.#position++
    const chunk: DataChunk = {
      data: this.#values[position],
      isFinal: false,
      metadata: current.marks.length === 0 ? noMetadata : markOf(current, position),
      seq: this.#takenItems,
    }
    this.#takenItems++
    this.#takenBytes += current.sizes[position] as number
    if (this.#position === current.sizes.length) {
      this.#current = undefined
      this.#values = []
    }
    if (
      (this.#takenItems - this.#saidItems) * 2 >= this.#window.items ||
      (this.#takenBytes - this.#saidBytes) * 2 >= this.#window.bytes
    ) {
      this.#saidItems = this.#takenItems
      this.#saidBytes = this.#takenBytes
      this.#acknowledge(this.#takenItems, this.#takenBytes)
    }
    return chunk
  }

  /** Forgets what has arrived and was not taken. */
  clear(): void {
    this.#frames.length = 0
    this.#values = []
    this.#current = undefined
  }
}

function markOf(items: ArrivedItems, position: number): Readonly<Record<string, string>> {
  return items.marks.find((mark) => mark.index === position)?.metadata ?? noMetadata
}
