// Ten times as many calls as can be served, each with little time: does any begin whose time has passed?
import { truncateSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type Snakepit, SnakepitError } from '../../../src/index.js'
import { eventually } from '../../support/eventually.js'
import { Ledger } from '../../support/ledger.js'
import { oneOf, seeded } from '../../support/seeded.js'
import { turn, within } from '../../support/within.js'
import type { Campaign } from '../campaign.js'
import { counted, monotonic, openPool, patience, spread, tally } from './kit.js'

/** Milliseconds that each call takes, and that the most patient one has. */
const [service, mostPatient] = [2, 60]
/** What the most patient could wait for, ten times over. */
const perBurst = (mostPatient / service) * 10
/** Milliseconds that clocks and wire may make of it, beside what the machine took from either process meanwhile. */
const margin = 50
/** Calls that are submitted within one turn of the event loop. */
const perTurn = 20
const tools = ['works', 'works_later', 'streams'] as const

export const expired: Campaign = {
  name: 'expired',
  guarantees: ['G14'],
  sentence: 'A call whose deadline passes while it waits is told so and never begins in Python',
  unit: 'calls',
  trials: { share: 6_000, chaos: 150_000, soak: 5_000_000 },
  async run({ trials, seed }) {
    const failures: string[] = []
    const counts: Record<string, number> = {}
    const lateness: number[] = []
    let made = 0
    let most = 0
    const host = monitorEventLoopDelay({ resolution: 2 })
    host.enable()
    for (const concurrency of [1, 16]) {
      const ledger = new Ledger()
      const pit = await openPool('expired.py', { size: 1, concurrency, env: ledger.env, cancelGrace: 20_000 })
      try {
        await sameClock(pit, failures)
        for (let left = trials / 2; left > 0 && failures.length < 10; left -= perBurst) {
          host.reset()
          const ends = await burst(pit, made, seeded(seed + made), failures)
          await eventually(() => pit.stats().running === 0, 'every tool to be left')
          const stolen = host.max / 1e6 + mostStall(ledger.lines('stall'))
          most = Math.max(most, stolen)
          // It may have been taken from each thread that a call passes: ours, Python's that reads, Python's that runs.
          judge(ledger.lines(), ends, margin + 3 * stolen, failures, lateness)
          for (const end of ends.values()) tally(counts, end.code)
          truncateSync(ledger.path, 0)
          made += perBurst
        }
      } finally {
        await pit.close()
      }
    }
    host.disable()
    if ((counts.timeout ?? 0) < made / 2) failures.push(`only ${counts.timeout} of ${made} calls ran out of time`)
    const late = lateness.filter((ms) => ms > 0)
    const figures = `${counted(counts)}; ${late.length} of ${lateness.length} began late: ${spread([0, ...late])}; the machine took ${most.toFixed(0)} ms at most`
    return { trials: made, failures, figures }
  },
}

interface End {
  readonly tool: string
  readonly code: string
  readonly mayHaveRun: boolean
}

/** All at once; each has from one millisecond up. */
async function burst(
  pit: Snakepit,
  first: number,
  random: () => number,
  failures: string[],
): Promise<Map<number, End>> {
  const ends = new Map<number, End>()
  const one = async (call: number) => {
    const tool = oneOf(tools, random)
    const timeout = 1 + random() * (mostPatient - 1)
    const deadline = monotonic() + timeout
    const args = { call, deadline, seconds: service / 1000 }
    try {
      if (tool === 'streams') for await (const _ of pit.stream(tool, args, { timeout }));
      else await pit.execute(tool, args, { timeout })
      ends.set(call, { tool, code: 'ok', mayHaveRun: true })
    } catch (error) {
      if (!(error instanceof SnakepitError) || error.code !== 'timeout') failures.push(`${tool} ${call}: ${error}`)
      else ends.set(call, { tool, code: error.code, mayHaveRun: error.mayHaveRun })
    }
    const over = monotonic() - deadline
    if (over > 1000) failures.push(`${tool} ${call} was told ${over.toFixed(0)} ms after its deadline`)
  }
  const all: Promise<void>[] = []
  for (let index = 0; index < perBurst; index++) {
    all.push(one(first + index))
    if (index % perTurn === perTurn - 1) await turn()
  }
  await within(Promise.all(all), 'the end of the burst', patience)
  return ends
}

function judge(
  lines: readonly string[],
  ends: ReadonlyMap<number, End>,
  allowed: number,
  failures: string[],
  lateness: number[],
): void {
  for (const line of lines) {
    if (line.startsWith('stall')) continue
    const [call = Number.NaN, late = Number.NaN] = line.split(' ').map(Number)
    lateness.push(late)
    if (late > allowed) {
      failures.push(
        `${ends.get(call)?.tool} ${call} began ${late.toFixed(1)} ms after its deadline, ${allowed.toFixed(1)} ms allowed`,
      )
    }
    const end = ends.get(call)
    if (end === undefined) failures.push(`call ${call} began, but was not in this burst`)
    else if (!end.mayHaveRun) failures.push(`call ${call} began, and its caller was told that it had not`)
  }
}

/** The longest that a sleep of Python took beyond its time. */
function mostStall(lines: readonly string[]): number {
  return Math.max(0, ...lines.map((line) => Number(line.split(' ')[1])))
}

/** Python's monotonic clock is ours: what it says lies between what we read before and after. */
async function sameClock(pit: Snakepit, failures: string[]): Promise<void> {
  const before = monotonic()
  const there = await pit.execute<number>('clock')
  const after = monotonic()
  if (there < before - 1 || there > after + 1) failures.push(`clocks differ: ${before}, ${there}, ${after}`)
}
