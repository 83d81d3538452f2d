// A doubly linked list whose links live in its items: in at the end, out from anywhere, both at once.

/** What an item of a chain carries. An item is in one chain at a time. */
export interface Link<T> {
  previous: T | undefined
  next: T | undefined
}

/**
 * A FIFO that forgets an item in the middle as cheaply as its first one.
 *
 * A `Set` would read better, but it leaves holes where items were: taking the first of 100 000 in turn walks over them
 * again and again.
 */
export class Chain<T extends Link<T>> {
  #first: T | undefined
  #last: T | undefined

  /** The item that has been here longest. */
  get first(): T | undefined {
    return this.#first
  }

  append(item: T): void {
    item.previous = this.#last
    if (this.#last) this.#last.next = item
    else this.#first = item
    this.#last = item
  }

  remove(item: T): void {
    if (item.previous) item.previous.next = item.next
    else this.#first = item.next
    if (item.next) item.next.previous = item.previous
    else this.#last = item.previous
    item.previous = item.next = undefined
  }
}
