// Streams on one worker of two, that take all its slots: what is done besides happens on the other, and must not disturb them.
import * as assert from 'uvu/assert'
import type { Snakepit } from '../../../src/index.js'
import { eventually } from '../../support/eventually.js'
import { within } from '../../support/within.js'

/** Streams that go on while others break. */
export class Bystanders {
  /** Chunks that they have got so far. */
  ticks = 0
  readonly #leaving = new AbortController()
  readonly #reads: Promise<PromiseSettledResult<void>[]>

  private constructor(pit: Snakepit, slots: number) {
    const session = pit.session('elsewhere', { affinity: 'strict_queue' })
    const read = async () => {
      let next = 0
      for await (const tick of session.stream<number>('ticks', {}, { signal: this.#leaving.signal }).values()) {
        assert.is(tick, next++)
        this.ticks++
      }
    }
    // They fail in the end, much later.
    this.#reads = Promise.allSettled(Array.from({ length: slots }, read))
  }

  /** @param slots all the slots of a worker */
  static async of(pit: Snakepit, slots: number): Promise<Bystanders> {
    const bystanders = new Bystanders(pit, slots)
    await bystanders.goOn(5 * slots)
    return bystanders
  }

  /** Resolves when they have got so many chunks more. */
  async goOn(count = 1): Promise<void> {
    const before = this.ticks
    await eventually(() => this.ticks >= before + count, `${count} chunks of the other worker`)
  }

  /** Leaves them; fails when one of them had ended before, or had lost anything. */
  async leave(): Promise<void> {
    this.#leaving.abort()
    const ends = await within(this.#reads, 'the end of the streams')
    for (const end of ends) assert.is('reason' in end && end.reason, this.#leaving.signal.reason)
  }
}
