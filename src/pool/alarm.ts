// One timer that is set anew again and again.
import type { Unsubscribable } from 'rxjs'
import type { Clock } from './clock.js'

/** Rings once at the time it was last set to. */
export class Alarm {
  #timer: Unsubscribable | undefined
  #at = Infinity

  constructor(
    readonly clock: Clock,
    readonly ring: () => void,
  ) {}

  /** Sets the time to ring at, on the clock's scale; `Infinity` for not at all. */
  set(at: number): void {
    if (at === this.#at) return
    this.clear()
    this.#at = at
    if (at !== Infinity) this.#timer = this.clock.after(Math.max(0, at - this.clock.now()), () => this.#wake())
  }

  clear(): void {
    this.#timer?.unsubscribe()
    this.#timer = undefined
    this.#at = Infinity
  }

  // A timer of Node may wake a fraction of a millisecond early, or after its longest delay; then it sleeps again.
  #wake(): void {
    const at = this.#at
    this.clear()
    if (this.clock.now() < at) this.set(at)
    else this.ring()
  }
}
