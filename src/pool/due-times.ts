// One timer for any number of due times.
import type { Unsubscribable } from 'rxjs'
import type { Clock } from './clock.js'

/** Something that falls due. Both fields belong to the {@link DueTimes} that holds it. */
export interface Timed {
  /** When, on the clock's scale. `Infinity` is never. Unchanged while the item is held. */
  dueAt: number
  /** Its place in the heap; -1 while it is not held. */
  heapIndex: number
}

/**
 * Holds items by due time and hands over those that fell due, all at once, never early.
 *
 * A binary heap in which each item knows its place, so that it can leave in O(log n). Items mostly come in the order in
 * which they fall due, which makes adding O(1). The timer is set for the earliest due time and left alone when that item
 * leaves: waking for nothing once is cheaper than setting a timer for each call.
 */
export class DueTimes<T extends Timed> {
  readonly #clock: Clock
  readonly #fallDue: (items: readonly T[]) => void
  readonly #heap: T[] = []
  #timer: Unsubscribable | undefined
  #timerAt = Infinity

  constructor(clock: Clock, fallDue: (items: readonly T[]) => void) {
    this.#clock = clock
    this.#fallDue = fallDue
  }

  add(item: T): void {
    this.#riseFrom(this.#heap.length, item)
    if (item.dueAt < this.#timerAt) this.#setTimer(item.dueAt)
  }

  delete(item: T): void {
    const index = item.heapIndex
    if (index < 0) return
    item.heapIndex = -1
    const last = this.#heap.pop() as T
    if (last === item) return
    if (last.dueAt < item.dueAt) this.#riseFrom(index, last)
    else this.#sinkFrom(index, last)
  }

  /** Stops the timer. */
  close(): void {
    this.#timer?.unsubscribe()
    this.#timerAt = -Infinity
  }

  #setTimer(at: number): void {
    this.#timer?.unsubscribe()
    this.#timerAt = at
    this.#timer = this.#clock.after(at - this.#clock.now(), () => this.#wake())
  }

  #wake(): void {
    const now = this.#clock.now()
    this.#timerAt = Infinity
    const due: T[] = []
    for (let item = this.#heap[0]; item && item.dueAt <= now; item = this.#heap[0]) {
      this.delete(item)
      due.push(item)
    }
    if (due.length > 0) this.#fallDue(due)
    const next = this.#heap[0]
    // A timer of Node may wake a fraction of a millisecond early; sleep at least one more.
    if (next && next.dueAt < this.#timerAt) this.#setTimer(Math.max(next.dueAt, now + 1))
  }

  #riseFrom(start: number, item: T): void {
    let index = start
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = this.#heap[above] as T
      if (parent.dueAt <= item.dueAt) break
      this.#put(index, parent)
      index = above
    }
    this.#put(index, item)
  }

  #sinkFrom(start: number, item: T): void {
    const size = this.#heap.length
    let index = start
    for (let below = 2 * index + 1; below < size; below = 2 * index + 1) {
      let child = this.#heap[below] as T
      const sibling = this.#heap[below + 1]
      if (sibling && sibling.dueAt < child.dueAt) {
        child = sibling
        below++
      }
      if (item.dueAt <= child.dueAt) break
      this.#put(index, child)
      index = below
    }
    this.#put(index, item)
  }

  #put(index: number, item: T): void {
    this.#heap[index] = item
    item.heapIndex = index
  }
}
