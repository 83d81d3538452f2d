// Nobody who is healthy is killed: not for a held interpreter lock, and not for a host that was away.
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Snakepit } from '../../../src/index.js'
import { within } from '../../support/within.js'
import type { Campaign, Scale } from '../campaign.js'
import { adapterAt, type Host, programOf, startHost } from './host.js'
import { inRounds, type Round } from './rounds.js'

const adapter = fileURLToPath(new URL('../../faults/adapters/lively.py', import.meta.url))
const sleepyHost = programOf('sleepy.ts')

/** Milliseconds: longer than a suspended worker may go unnoticed, and as long as the guarantee says. */
const lengths: Readonly<Record<Scale, { hard: number; blocked: number; away: number }>> = {
  share: { hard: 10_000, blocked: 9_000, away: 9_000 },
  chaos: { hard: 20_000, blocked: 15_000, away: 20_000 },
  soak: { hard: 60_000, blocked: 15_000, away: 60_000 },
}
/** How many at a time: they mostly wait. */
const atOnce: Readonly<Record<Scale, number>> = { share: 4, chaos: 8, soak: 12 }

export const noFalseKill: Campaign = {
  name: 'no-false-kill',
  guarantees: ['G21'],
  sentence:
    'Python holds its lock in a call or while it is imported, the event loop of the host is blocked, or the host is suspended: no worker is killed and no call is lost',
  unit: 'silences',
  trials: { share: 4, chaos: 8, soak: 100 },
  async run(plan) {
    const { hard, blocked, away } = lengths[plan.scale]
    const kinds = [
      { name: 'lock held in a call', ms: hard, run: () => heldInCall(hard) },
      { name: 'lock held at import', ms: hard, run: () => heldAtImport(hard) },
      { name: 'host blocked', ms: blocked, run: (round: Round) => hostBlocked(round, blocked) },
      { name: 'host suspended', ms: away, run: (round: Round) => hostSuspended(round, away) },
    ]
    return inRounds(
      plan,
      atOnce[plan.scale],
      async (round) => {
        const { name, ms, run } = kinds[round.number % kinds.length] as (typeof kinds)[number]
        round.note(`${name} for ${ms} ms`)
        await run(round)
      },
      () => kinds.map(({ name, ms }) => `${name} ${ms / 1000} s`).join(', '),
    )
  },
}

async function heldInCall(ms: number): Promise<void> {
  await using pit = await Snakepit.open({ adapter, size: 1, drain: 0 })
  const signs = signsOf(pit)
  const before = await pit.execute('pid')
  const held = await within(
    pit.execute('works_hard', { ms }, { timeout: ms + 30_000 }),
    'the end of the call',
    ms + 30_000,
  )
  await unharmed(pit, [before, held], signs)
}

async function heldAtImport(ms: number): Promise<void> {
  const env = { IMPORT_MS: `${ms}` }
  await using pit = await Snakepit.open({
    adapter: adapterAt('heavy.py'),
    size: 1,
    drain: 0,
    env,
    startTimeout: ms + 30_000,
  })
  const signs = signsOf(pit)
  await unharmed(pit, [await pit.execute('pid')], signs)
}

function signsOf(pit: Snakepit): string[] {
  const signs: string[] = []
  pit.events$.subscribe((event) => signs.push(event.type === 'worker-sign' ? event.sign : event.type))
  return signs
}

/** The same worker all the time, and no sign of anything worse than work. */
async function unharmed(pit: Snakepit, pids: unknown[], signs: readonly string[]): Promise<void> {
  const after = await pit.execute('pid')
  const { tainted, lost, restarts } = pit.stats()
  const harm = signs.filter((sign) => !['responsive', 'late', 'busy'].includes(sign))
  if (pids.some((pid) => pid !== after)) throw new Error(`worker ${pids} was replaced by ${after}: ${signs}`)
  if (tainted + lost + restarts + harm.length > 0) throw new Error(JSON.stringify({ tainted, lost, restarts, signs }))
}

/** What a sleepy host says in the end. */
interface Report {
  readonly isWell: boolean
  readonly numbers: number
  readonly lost: number
  readonly tainted: number
  readonly signs: readonly string[]
}

async function hostBlocked(round: Round, ms: number): Promise<void> {
  const host = startHost({ program: sleepyHost, words: [adapter, ms] })
  await reported(round, host, ms)
}

async function hostSuspended(round: Round, ms: number): Promise<void> {
  const host = startHost({ program: sleepyHost, words: [adapter, 0] })
  await host.says(1)
  await pause(round.below(2000))
  host.signal('SIGSTOP')
  await pause(ms)
  host.signal('SIGCONT')
  await reported(round, host, ms)
}

async function reported(round: Round, host: Host, ms: number): Promise<void> {
  try {
    await host.ended(ms + 60_000)
    const said = host.lines[1] ?? '{}'
    const { isWell, numbers, lost, tainted, signs } = JSON.parse(said) as Report
    if (!isWell || numbers !== 100 || lost + tainted > 0 || signs.includes('hung')) round.fail(`the host said ${said}`)
  } finally {
    host.signal('SIGKILL')
  }
}
