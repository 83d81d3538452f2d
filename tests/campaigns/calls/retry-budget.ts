// Everything fails, and everything may be run again: how much more Python has to do because of it.
import { statSync } from 'node:fs'
import type { Snakepit, SnakepitOptions } from '../../../src/index.js'
import { SnakepitError } from '../../../src/index.js'
import { eventually } from '../../support/eventually.js'
import { Ledger } from '../../support/ledger.js'
import { seeded } from '../../support/seeded.js'
import { within } from '../../support/within.js'
import type { Campaign } from '../campaign.js'
import { openPool, patience, whole } from './kit.js'

/** What is free each second, and what may be left over from before: a second's worth, and what calls have paid for. */
const [share, perSecond, mostSaved, mostEarned] = [0.2, 10, 10, 100]

/** What was counted at one moment. */
interface Mark {
  readonly seconds: number
  readonly calls: number
  readonly runs: number
}

export const retryBudget: Campaign = {
  name: 'retry-budget',
  guarantees: ['G13'],
  sentence: 'When every run of every idempotent call fails, there are at most 1.2 runs for each call and 10 a second',
  unit: 'calls',
  trials: { share: 2_400, chaos: 60_000, soak: 3_000_000 },
  async run({ trials, seed }) {
    const random = seeded(seed)
    const raising = { concurrency: 8, retry: { backoff: 1, on: ['python_error'], attempts: 5 } } as const
    const raised = await waves('raises', trials, raising, random)
    const died = await waves('dies', Math.ceil(trials / 600), { size: 2, retry: { backoff: 1 } }, random)
    return {
      trials: raised.last.calls + died.last.calls,
      failures: [...raised.failures, ...died.failures],
      figures: [told('raised', raised.last), told('died', died.last)].join('; '),
    }
  },
}

/** Calls in waves that chance sizes; after each it is counted what ran. */
async function waves(tool: string, calls: number, options: Partial<SnakepitOptions>, random: () => number) {
  const ledger = new Ledger()
  const pit = await openPool('retry_budget.py', { size: 1, env: ledger.env, ...options })
  const began = performance.now()
  const marks: Mark[] = [{ seconds: 0, calls: 0, runs: 0 }]
  const failures: string[] = []
  try {
    let made = 0
    while (made < calls && failures.length < 10) {
      const size = Math.min(calls - made, 1 + Math.floor(random() * 1000))
      await wave(pit, tool, size, failures)
      made += size
      await eventually(() => pit.stats().running === 0, 'the last lease')
      const runs = statSync(ledger.path).size
      const { submitted, retries } = pit.stats()
      if (submitted !== made + retries || runs > submitted) {
        failures.push(`${tool}: ${runs} runs, ${submitted} submitted, ${retries} retries of ${made} calls`)
      }
      marks.push({ seconds: (performance.now() - began) / 1000, calls: made, runs })
    }
  } finally {
    await pit.close()
  }
  failures.push(...overdrawn(tool, marks))
  return { failures, last: marks.at(-1) as Mark }
}

async function wave(pit: Snakepit, tool: string, size: number, failures: string[]): Promise<void> {
  const all = Array.from({ length: size }, () =>
    pit.execute(tool, {}, { idempotent: true }).then(
      () => failures.push(`${tool} did not fail`),
      (error: unknown) => {
        if (!(error instanceof SnakepitError) || error.mayHaveRun === false) failures.push(String(error))
      },
    ),
  )
  await within(Promise.all(all), `the end of ${size} calls`, patience)
}

/** Every stretch of time whose runs were more than its budget: from the beginning, and from each wave on. */
function overdrawn(tool: string, marks: readonly Mark[]): string[] {
  const last = marks.length - 1
  return marks.flatMap((to, end) =>
    [0, ...(end === last ? marks.keys() : [])].flatMap((start) => {
      const from = marks[start] as Mark
      const calls = to.calls - from.calls
      const further = to.runs - from.runs - calls
      const saved = start === 0 ? mostSaved : mostSaved + mostEarned
      const most = share * calls + perSecond * (to.seconds - from.seconds) + saved + 1
      if (further <= most) return []
      return [
        `${tool}: ${further} further runs of ${calls} calls, ${most.toFixed(0)} allowed (waves ${start} to ${end})`,
      ]
    }),
  )
}

function told(how: string, { calls, runs, seconds }: Mark): string {
  const extra = runs - calls
  const beyond = (extra - perSecond * seconds - mostSaved) / calls
  return `${how}: ${whole(runs)} runs of ${whole(calls)} calls in ${seconds.toFixed(1)} s, ${Math.max(0, beyond).toFixed(3)} a call beyond 10/s`
}
