// close() ends, at any moment, however often it is called, and whatever the workers do; nothing is left then.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Snakepit, SnakepitError } from '../../../src/index.js'
import { misbehaving, StartCount } from '../../faults/kit/misbehaving-worker.js'
import { eventually } from '../../support/eventually.js'
import { handles } from '../../support/handles.js'
import { descendantsOf, startedSince } from '../../support/processes.js'
import { reasonOf } from '../../support/rejection.js'
import { within } from '../../support/within.js'
import type { Campaign, Plan } from '../campaign.js'
import { adapterAt } from './host.js'
import { described, kinOf, lives } from './kin.js'
import { inRounds, type Round, spread } from './rounds.js'

/** Workers that become ready. */
const ready = [
  'well',
  'setsid',
  'setpgid',
  'ignores_sigterm',
  'pdeathsig_0',
  'forks_at_start',
  'without_guardian',
  'floods_stdout',
  'floods_stderr',
  'deaf',
]
/** Workers that never do, after a first one that does. */
const booting = [
  'silent',
  'holds_the_gil',
  'closes_the_pipe',
  'never_accepts',
  'no_settings',
  'slow_loris',
  'leaves_on_sigterm',
  'ignores_everything',
]
/** Milliseconds after the drain. */
const limit = 3000
/** Nothing but SIGKILL reaches these, so every rung of the ladder is climbed. */
const deafToAll: readonly string[] = ['deaf', 'ignores_everything']
const drains = [0, 0, 200, 1000]

export const close: Campaign = {
  name: 'close',
  guarantees: ['G7'],
  sentence:
    'workers of 18 bad kinds boot, rest, run calls, stream or are being closed when `close` is called, several times: it ends within the drain + 3 s, and no process, handle or folder is left',
  unit: 'pools closed',
  trials: { share: 8, chaos: 100, soak: 3000 },
  async run(plan) {
    const folder = mkdtempSync(join(tmpdir(), 'pit-close-'))
    const { TMPDIR } = process.env
    process.env.TMPDIR = folder
    try {
      return await closeMany(plan, folder)
    } finally {
      if (TMPDIR === undefined) delete process.env.TMPDIR
      else process.env.TMPDIR = TMPDIR
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

async function closeMany(plan: Plan, folder: string) {
  const before = { handles: handles(), processes: descendantsOf(process.pid) }
  const took = { fair: [] as number[], deaf: [] as number[] }
  const outcome = await inRounds(
    plan,
    3,
    async (round) => {
      const { mode, ms } = await closeOne(round)
      took[deafToAll.includes(mode) ? 'deaf' : 'fair'].push(ms)
    },
    () => `after the drain ${spread(took.fair)}; deaf to all but SIGKILL: ${spread(took.deaf)}`,
  )
  const left = () => [...startedSince(before.processes), ...readdirSync(folder), ...without(handles(), before.handles)]
  await eventually(() => left().length === 0, 'the end of all', 2000).catch(() => undefined)
  const failures = left().length === 0 ? [] : [`seed ${plan.seed}, after all: there still were ${left().join(', ')}`]
  return { ...outcome, failures: [...outcome.failures, ...failures] }
}

async function closeOne(round: Round): Promise<{ mode: string; ms: number }> {
  const state = round.oneOf(Object.keys(states))
  const mode = round.oneOf(state === 'booting' ? booting : ready)
  const drain = round.oneOf(drains)
  const moment = round.below(150)
  round.note(`${mode}, ${state}, drain ${drain}, after ${moment} ms`)
  const pit = await open(mode, state === 'booting')
  const { pid = 0, transport } = pit.workers()[0]?.info() ?? {}
  const worker = kinOf(pid)
  const folder = dirname(transport?.address.replace(/^unix:\/\//, '') ?? '')
  const check = await (states[state] as State)(pit, round)
  await pause(moment)
  // Those that come later may cut the drain short.
  const later = Array.from({ length: round.below(4) }, () => ({ at: round.below(300), cuts: round.random() < 0.3 }))
  const last = Math.min(drain, ...later.filter(({ cuts }) => cuts).map(({ at }) => at))
  const began = performance.now()
  const closings = later.map(async ({ at, cuts }) => {
    await pause(at)
    await pit.close({ drain: cuts ? 0 : drain })
  })
  await within(Promise.all([pit.close({ drain }), ...closings]), 'close', drain + 20_000)
  const ms = performance.now() - began - last
  if (ms > limit) round.fail(`close took the drain and ${ms} ms`)
  await check()
  if (worker !== undefined && lives(worker)) round.fail(`worker ${described(worker)} was left`)
  if (existsSync(folder)) round.fail(`${folder} was left`)
  return { mode, ms }
}

type State = (pit: Snakepit, round: Round) => Promise<() => Promise<void>>

/** What a pool is at when it is closed; what is returned looks at how that ended. */
const states: Readonly<Record<string, State>> = {
  async booting() {
    return async () => undefined
  },
  async idle() {
    return async () => undefined
  },
  async busy(pit, round) {
    const calls = Array.from({ length: 3 }, () => reasonOf(pit.execute('waits')))
    await eventually(() => pit.stats().running === 1, 'a running call')
    return async () => {
      for (const error of await within(Promise.all(calls), 'the ends of the calls')) expectStopped(round, error)
    }
  },
  async streaming(pit, round) {
    const ticks = pit.stream('ticks')[Symbol.asyncIterator]()
    await ticks.next()
    return async () => {
      const read = async () => {
        while ((await ticks.next()).done !== true);
      }
      expectStopped(round, await reasonOf(read()))
    }
  },
  async closing(pit, round) {
    const call = reasonOf(pit.execute('waits'))
    await eventually(() => pit.stats().running === 1, 'a running call')
    const closing = pit.close({ drain: 60_000 })
    return async () => {
      await within(closing, 'the first close')
      expectStopped(round, await call)
    }
  },
}

function expectStopped(round: Round, error: unknown): void {
  const codes = ['worker_stopping', 'pool_closed']
  if (!(error instanceof SnakepitError && codes.includes(error.code))) round.fail(`a call ended with ${error}`)
}

/** A pool of one worker; a second one that never becomes ready where it `boots`. */
function open(mode: string, boots: boolean): Promise<Snakepit> {
  const env = { ...misbehaving(mode), ...(boots && { ...new StartCount().env, MISBEHAVE_AFTER: '1' }) }
  const size = boots ? 2 : 1
  return Snakepit.open({ adapter: adapterAt('plain.py'), size, startBatch: 1, drain: 0, startTimeout: 60_000, env })
}

function without(names: readonly string[], others: readonly string[]): string[] {
  const left = [...names]
  for (const name of others) if (left.includes(name)) left.splice(left.indexOf(name), 1)
  return left
}
