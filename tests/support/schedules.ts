// How many schedules a test tries, from which seed, and how a schedule is lived to its end.
import type fc from 'fast-check'
import { type LedgerEvent, tallyOf } from './call-ledger.js'
import type { Step } from './scheduled-wires.js'
import { turn } from './within.js'

/** fast-check's parameters: `SCHEDULES` schedules, by default as many as fit into a test run, from the seed `SEED`. */
export function schedules<T>(usual: number): fc.Parameters<T> {
  const { SCHEDULES, SEED } = process.env
  const seed = SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(SEED)
  return { numRuns: Number(SCHEDULES ?? usual), seed, includeErrorInReport: true }
}

/** The moments of a schedule: whoever waits for one goes on when the scheduler has chosen it. */
export function stepsOf(scheduler: fc.Scheduler): Step {
  return (label) => scheduler.schedule(Promise.resolve(), label)
}

/**
 * Lets the scheduler choose one step after the other, until there is none.
 *
 * @param isCalm true to let everything that a step set off come to rest before the next; false to let steps fall in between
 * @param rested called when no step is left; what it does may make new ones. Returns true when all is over
 */
export async function live(
  scheduler: fc.Scheduler,
  isCalm: boolean,
  rested: () => boolean | Promise<boolean>,
): Promise<void> {
  for (let left = 5000; left > 0; left--) {
    if (isCalm || scheduler.count() === 0) await turn()
    if (scheduler.count() > 0) await scheduler.waitOne()
    else if (await rested()) return
  }
  throw new Error(`the schedule does not end: ${scheduler.toString().slice(-1000)}`)
}

/** How the calls of many schedules ended: schedules in which nothing happens prove nothing. */
export class Sightings {
  readonly #counts: Record<string, number> = {}
  #schedules = 0

  add(events: readonly LedgerEvent[]): void {
    this.#schedules++
    for (const [what, count] of Object.entries(tallyOf(events))) this.#counts[what] = (this.#counts[what] ?? 0) + count
  }

  /** Each of these must have been seen once in two hundred calls at the least. */
  mustHold(endings: readonly string[]): void {
    const { submitted = 0 } = this.#counts
    console.log(`\n${this.#schedules} schedules: ${JSON.stringify(this.#counts)}`)
    const rare = submitted < 2000 ? [] : endings.filter((what) => (this.#counts[what] ?? 0) < submitted / 200)
    if (rare.length > 0) throw new Error(`too rare to prove anything: ${rare.join(', ')}`)
  }
}
