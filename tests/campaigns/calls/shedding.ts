// Far more calls at once than may wait: the others are refused, at once and cheaply, and everybody is told once.
import { type Snakepit, SnakepitError } from '../../../src/index.js'
import { collectGarbage } from '../../support/garbage.js'
import { turn, within } from '../../support/within.js'
import { type Campaign, percentile } from '../campaign.js'
import { counted, mib, openPool, patience, spread, tally } from './kit.js'

const maxQueue = 1_000
/** Calls of a flood that comes in one turn of the event loop, and of one that takes many. */
const perFlood = [100_000, 10_000] as const
/** Calls that are made within one turn of the event loop, where each one's refusal is timed. */
const perTurn = 20
const [mostMs, mostHeap] = [5, 50 * 2 ** 20]

export const shedding: Campaign = {
  name: 'shedding',
  guarantees: ['G17'],
  sentence:
    'Of 100,000 calls at once those above `maxQueue` are refused within 5 ms, each is told once, and the heap grows by at most 50 MB',
  unit: 'calls',
  trials: { share: 60_000, chaos: 440_000, soak: 11_000_000 },
  async run({ trials }) {
    const failures: string[] = []
    const ends: Record<string, number> = {}
    const took: number[] = []
    const pit = await openPool('small.py', { size: 1, concurrency: 1, maxQueue })
    let growth = 0
    let made = 0
    try {
      // The first flood of each kind warms up what the others use again.
      for (let flood = -2; made < trials && failures.length < 10; flood++) {
        const isWarmUp = flood < 0
        const inOneTurn = flood % 2 !== 0
        const some = isWarmUp ? 5_000 : Math.min(perFlood[inOneTurn ? 0 : 1], trials - made)
        collectGarbage()
        const before = process.memoryUsage().heapUsed
        const told = new Told(some)
        for (let call = 0; call < some; call++) {
          told.follow(pit, call)
          if (!inOneTurn && call % perTurn === perTurn - 1) await turn()
        }
        // Those that may wait are waiting still; the refused ones have heard of it.
        await turn()
        collectGarbage()
        const grown = process.memoryUsage().heapUsed - before
        await within(told.all, `the end of ${some} calls`, patience)
        const wrong = told.counts.findIndex((count) => count !== 1)
        if (wrong >= 0) failures.push(`flood ${flood}: call ${wrong} was told ${told.counts[wrong]} times`)
        if (isWarmUp) continue
        made += some
        growth = Math.max(growth, grown)
        if (grown > mostHeap) failures.push(`flood ${flood}: the heap grew by ${mib(grown)}`)
        if ((told.ends.pool_saturated ?? 0) < some / 2) failures.push(`flood ${flood}: ${counted(told.ends)}`)
        for (const [end, count] of Object.entries(told.ends)) tally(ends, end, count)
        if (inOneTurn) continue
        took.push(...told.refusedAfter)
      }
    } finally {
      await pit.close()
    }
    if (!(percentile(took, 0.99) <= mostMs)) failures.push(`refusals took ${spread(took)}`)
    const figures = `refused after ${spread(took)}; heap +${mib(growth)}; ${counted(ends)}`
    return { trials: made, failures, figures }
  },
}

/** What so many callers are told. */
class Told {
  /** How often each was. */
  readonly counts: Uint8Array
  readonly ends: Record<string, number> = {}
  readonly refusedAfter: number[] = []
  readonly all: Promise<void>
  #left: number
  #done = () => {}

  constructor(calls: number) {
    this.#left = calls
    this.counts = new Uint8Array(calls)
    this.all = new Promise((resolve) => {
      this.#done = resolve
    })
  }

  follow(pit: Snakepit, call: number): void {
    const asked = performance.now()
    pit.execute<number>('naps', { nonce: call }).then(
      (value) => this.#end(call, value === call ? 'value' : `value of ${value}`),
      (error: unknown) => {
        const isRefusal = error instanceof SnakepitError && error.code === 'pool_saturated' && !error.mayHaveRun
        if (isRefusal) this.refusedAfter.push(performance.now() - asked)
        this.#end(call, isRefusal ? 'pool_saturated' : String(error))
      },
    )
  }

  #end(call: number, how: string): void {
    this.counts[call] = (this.counts[call] ?? 0) + 1
    tally(this.ends, how)
    if (--this.#left === 0) this.#done()
  }
}
