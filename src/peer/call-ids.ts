// The numbers by which calls are known on the wire.

/** Largest number that a call may have. */
export const largestId = 0xffffffff

/** Allots the numbers of one side: odd ones for hosts, even ones for workers, each only once while it is in use. */
export class CallIds {
  readonly #first: number
  #next: number

  /** @param next where to begin; a number of this side */
  constructor(side: 'host' | 'worker', next = side === 'host' ? 1 : 2) {
    this.#first = side === 'host' ? 1 : 2
    this.#next = next
  }

  /** The next number that is not in use. */
  allot(inUse: { has(id: number): boolean }): number {
    let id = this.#next
    while (inUse.has(id)) id = this.#following(id)
    this.#next = this.#following(id)
    return id
  }

  #following(id: number): number {
    return id + 2 > largestId ? this.#first : id + 2
  }
}
