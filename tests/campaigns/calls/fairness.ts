// One session has thousands of calls waiting; what does that cost somebody who comes with one?
import type { Session, Snakepit } from '../../../src/index.js'
import { oneOf, seeded } from '../../support/seeded.js'
import { within } from '../../support/within.js'
import { type Campaign, percentile } from '../campaign.js'
import { openPool, patience, spread } from './kit.js'

/** Milliseconds that a call of each takes in Python, and that timers, wire and scheduling may add to 95 of 100. */
const [service, slack] = [5, 10]
const queued = 10_000

export const fairness: Campaign = {
  name: 'fairness',
  guarantees: ['G18'],
  sentence:
    'A session with 10,000 calls that wait delays the call of another by at most two of their service times, and lets it by after one call',
  unit: 'calls of others',
  trials: { share: 120, chaos: 2_000, soak: 100_000 },
  async run({ trials, seed }) {
    const random = seeded(seed)
    const failures: string[] = []
    /** The same call where nobody else calls, each time: what this machine does to it, it does to the others. */
    const alone: number[] = []
    const times: number[] = []
    const options = { queueTimeout: Number.POSITIVE_INFINITY, timeout: 2 ** 31 - 1, streamTimeout: 2 ** 31 - 1 }
    const pit = await openPool('small.py', { size: 1, concurrency: 1, ...options })
    const quiet = await openPool('small.py', { size: 1, concurrency: 1 })
    try {
      const flood = new Flood(pit.session('flood'))
      let made = 0
      for (; made < trials && failures.length < 10; made++) {
        flood.refill()
        // At any point of the flood's turn.
        await flood.goesOn(random() < 0.3 ? 1 : 0)
        const who = oneOf<Session | Snakepit>([pit, pit.session(`other-${made % 50}`)], random)
        const before = flood.done
        const time = await took(who, made)
        const passed = flood.done - before
        alone.push(await took(quiet, made))
        times.push(time)
        // The one that ran when it came, and one whose turn it may have been.
        if (passed > 2) failures.push(`call ${made} was passed by ${passed} calls of a flood of ${flood.waiting}`)
      }
      await flood.leave()
      const one = percentile(alone, 0.5)
      const delays = times.map((ms) => ms - one)
      const rough = percentile(alone, 0.99) - one
      for (const [share, most] of [
        [0.5, 2 * one + slack / 2],
        [0.95, 2 * one + slack + rough],
      ] as const) {
        const delay = percentile(delays, share)
        if (delay > most) failures.push(`${share} of the calls: ${delay.toFixed(1)} ms, ${most.toFixed(1)} ms allowed`)
      }
      return { trials: made, failures, figures: `alone ${spread(alone)}; delayed by ${spread(delays)}` }
    } finally {
      await Promise.all([pit.close(), quiet.close()])
    }
  },
}

/** Milliseconds that one call takes from beginning to end. */
async function took(who: Session | Snakepit, nonce: number): Promise<number> {
  const began = performance.now()
  const value = await within(who.execute<number>('naps', { nonce, ms: service }), `call ${nonce}`, patience)
  if (value !== nonce) throw new Error(`call ${nonce} got ${value}`)
  return performance.now() - began
}

/** A session that always has thousands of calls waiting. */
class Flood {
  done = 0
  waiting = 0
  readonly #leaving = new AbortController()
  readonly #ends = new Set<Promise<void>>()
  #wake = () => {}

  constructor(readonly session: Session) {}

  refill(): void {
    while (this.waiting < queued) {
      const { signal } = this.#leaving
      this.waiting++
      const end = this.session.execute('naps', { nonce: 0, ms: service }, { signal }).then(
        () => {
          this.done++
          this.waiting--
          this.#ends.delete(end)
          this.#wake()
        },
        (error: unknown) => {
          if (!signal.aborted) throw error
        },
      )
      this.#ends.add(end)
    }
  }

  /** Resolves when so many calls more have been done. */
  async goesOn(count: number): Promise<void> {
    for (const goal = this.done + count; this.done < goal; ) {
      await within(
        new Promise<void>((resolve) => {
          this.#wake = resolve
        }),
        'a call of the flood',
      )
    }
  }

  /** Gives up everything that waits. */
  async leave(): Promise<void> {
    this.#leaving.abort()
    await within(Promise.all(this.#ends), 'the end of the flood')
  }
}
