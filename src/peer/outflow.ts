// Items going out: counted against the window that the consumer gave.
import type { Window } from '../wire/wire.js'

/** The producer's side of a window. */
export class Outflow {
  readonly #window: Window
  #sentItems = 0
  #sentBytes = 0
  #takenItems = 0
  #takenBytes = 0
  #wake: (() => void) | undefined

  constructor(window: Window) {
    this.#window = { items: Math.max(1, window.items), bytes: Math.max(1, window.bytes) }
  }

  /** Items sent so far. */
  get sent(): number {
    return this.#sentItems
  }

  /** True while the next item may be produced. */
  get open(): boolean {
    return (
      this.#sentItems - this.#takenItems < this.#window.items && this.#sentBytes - this.#takenBytes < this.#window.bytes
    )
  }

  /** Resolves when the next item may be produced, or when {@link release} was called. */
  async opened(): Promise<void> {
    if (this.open) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }

  /** Counts an item that was sent; returns its sequence number. */
  count(bytes: number): number {
    this.#sentBytes += bytes
    return this.#sentItems++
  }

  /** Takes in what the consumer says it took. Returns what is wrong with it, if anything is. */
  credit(items: number, bytes: number): string | undefined {
    if (items > this.#sentItems || bytes > this.#sentBytes) return 'credit came for items that were never sent'
    this.#takenItems = Math.max(this.#takenItems, items)
    this.#takenBytes = Math.max(this.#takenBytes, bytes)
    if (this.open) this.release()
    return undefined
  }

  /** Lets a waiting producer go on, to find that the call is over. */
  release(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}
