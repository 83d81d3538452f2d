// A suspended worker is found, and the death of one is told at once.
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Snakepit, SnakepitError, type SnakepitOptions } from '../../../src/index.js'
import { eventually } from '../../support/eventually.js'
import { reasonOf } from '../../support/rejection.js'
import { type Campaign, type Outcome, type Plan, percentile, type Scale } from '../campaign.js'
import { bareChild } from './bare-child.js'
import { adapterAt } from './host.js'
import { inRounds, type Round, spread } from './rounds.js'

const lively = fileURLToPath(new URL('../../faults/adapters/lively.py', import.meta.url))
/** Milliseconds: SIGSTOP is found within these. */
const found = 11_000
/** Milliseconds that a death is told within, beyond what the system takes to tell of any child's. */
const told = 50
/** How many of the trials are suspended, and how many at a time. */
const suspensions: Readonly<Record<Scale, number>> = { share: 4, chaos: 16, soak: 100 }
const suspendedAtOnce = 8
const options = {
  drain: 0,
  restart: { backoff: 0, maxCrashes: 1_000_000 },
  barrier: false,
} satisfies Partial<SnakepitOptions>

export const trueKill: Campaign = {
  name: 'true-kill',
  guarantees: ['G22'],
  sentence:
    'a worker that is suspended at rest or at work is found and replaced within 11 s; the calls of one that is killed are told within 50 ms (p99)',
  unit: 'workers suspended or killed',
  trials: { share: 8, chaos: 66, soak: 1100 },
  async run(plan) {
    const stops = suspensions[plan.scale]
    const suspending = suspendMany({ ...plan, trials: stops })
    // A death is timed while nothing else goes on, but a share has no time for that.
    if (plan.scale !== 'share') await suspending
    const [suspended, killed] = await Promise.all([suspending, killMany({ ...plan, trials: plan.trials - stops })])
    return {
      trials: suspended.trials + killed.trials,
      failures: [...suspended.failures, ...killed.failures],
      figures: `${suspended.figures}; ${killed.figures}`,
    }
  },
}

function suspendMany(plan: Plan): Promise<Outcome> {
  const took: number[] = []
  const run = async (round: Round) => {
    took.push(await suspendOne(round))
  }
  return inRounds(plan, suspendedAtOnce, run, () => `${took.length} suspended, found after ${spread(took)}`)
}

async function suspendOne(round: Round): Promise<number> {
  const atWork = round.number % 2 === 0
  const moment = round.below(4000)
  round.note(`suspended ${atWork ? 'at work' : 'at rest'} after ${moment} ms`)
  await using pit = await Snakepit.open({ ...options, adapter: lively, size: 1 })
  const before = await pit.execute<number>('pid')
  const work = () => pit.execute('works_hard', { ms: 60_000 }, { timeout: 90_000 })
  const call = atWork ? work().catch((reason: unknown) => reason) : undefined
  await pause(moment)
  const began = performance.now()
  process.kill(before, 'SIGSTOP')
  await eventually(() => pit.workers()[0]?.sign === 'hung', 'the suspended worker to be found', found + 10_000)
  const took = performance.now() - began
  if (took > found) round.fail(`found after ${took} ms`)
  const error = await call
  if (atWork && !(error instanceof SnakepitError && error.code === 'worker_unresponsive'))
    round.fail(`its call: ${error}`)
  const after = await pit.execute('pid')
  if (after === before) round.fail(`worker ${before} was not replaced`)
  return took
}

async function killMany(plan: Plan): Promise<Outcome> {
  const [took, bare]: [number[], number[]] = [[], []]
  await using pit = await Snakepit.open({ ...options, adapter: adapterAt('plain.py'), size: 2 })
  const run = async (round: Round) => {
    took.push(await killOne(pit, round))
    bare.push(await (await bareChild()).die())
  }
  const figures = () => `${took.length} killed, told after ${spread(took)}; of a bare child: ${spread(bare)}`
  const outcome = await inRounds(plan, 1, run, figures)
  // So few do not know their p99.
  const share = plan.scale === 'share' ? 0.5 : 0.99
  const [worst, allowed] = [percentile(took, share), told + percentile(bare, share)]
  const failures = worst > allowed ? [`seed ${plan.seed}: a death was told after ${worst} ms (${figures()})`] : []
  return { ...outcome, failures: [...outcome.failures, ...failures] }
}

async function killOne(pit: Snakepit, round: Round): Promise<number> {
  await eventually(() => pit.stats().workers.ready === 2, 'both workers to be idle', 30_000)
  const streams = round.random() < 0.5
  round.note(streams ? 'streaming' : 'waiting')
  const ticks = pit.stream('ticks')[Symbol.asyncIterator]()
  const read = async () => {
    while ((await ticks.next()).done !== true);
  }
  if (streams) await ticks.next()
  const call = streams ? reasonOf(read()) : reasonOf(pit.execute('waits'))
  await eventually(() => pit.stats().running === 1, 'a running call')
  await pause(round.below(50))
  const victim = pit.workers().find(({ running }) => running === 1)
  const began = performance.now()
  process.kill(victim?.info()?.pid as number, 'SIGKILL')
  const error = await call
  const took = performance.now() - began
  if (!(error instanceof SnakepitError && error.details.signal === 'SIGKILL')) round.fail(`its call: ${error}`)
  return took
}
