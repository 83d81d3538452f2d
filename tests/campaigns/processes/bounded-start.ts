// Workers that do not start are started so many times and no more, and whoever waits for them is told in time.
import { Snakepit, SnakepitError, type SnakepitOptions } from '../../../src/index.js'
import { misbehaving, StartCount } from '../../faults/kit/misbehaving-worker.js'
import { eventually } from '../../support/eventually.js'
import { reasonOf } from '../../support/rejection.js'
import { within } from '../../support/within.js'
import type { Campaign } from '../campaign.js'
import { adapterAt } from './host.js'
import { inRounds, type Round, spread } from './rounds.js'

/** How a worker does not start, and what is said of it. */
const modes: Readonly<Record<string, RegExp>> = {
  exits_early: /with exit code 1\nits last lines of output:\n {2}the disk is full/,
  segfaults: /killed by SIGSEGV/,
  killed: /killed by SIGKILL/,
  garbage: /its answer is no handshake/,
  dies_in_the_handshake: /connection failed|with exit code 9/,
  silent: /it said nothing for 3000 ms/,
  never_accepts: /it listened, and then did not greet within 3000 ms/,
}
const hangs = ['silent', 'never_accepts']
/** Milliseconds, for those that hang; others only need to have enough. */
const startTimeout = 3000

export const boundedStart: Campaign = {
  name: 'bounded-start',
  guarantees: ['G4'],
  sentence:
    'workers exit, crash or hang when they start: exactly as many are started as `restart` says, none again in a pool that never was up, and the end is told within the limit × 1.0 to 1.5',
  unit: 'pools',
  trials: { share: 4, chaos: 40, soak: 500 },
  async run(plan) {
    const told: number[] = []
    let starts = 0
    return inRounds(
      plan,
      2,
      async (round) => {
        const mode = round.oneOf(Object.keys(modes))
        const count = new StartCount()
        const size = 1 + round.below(3)
        const startBatch = 1 + round.below(4)
        const maxStartFailures = round.below(4)
        const options = { size, startBatch, restart: { maxStartFailures, maxCrashes: 1000, backoff: 10 } }
        const wasUp = round.number % 2 === 1 && !hangs.includes(mode)
        round.note(`${mode}, ${JSON.stringify(options)}, ${wasUp ? 'once up' : 'never up'}`)
        if (wasUp) await onceUp(round, mode, options, count)
        else told.push(...(await neverUp(round, mode, options, count)))
        starts += count.count
      },
      () => `${starts} processes; told of a start that hangs after ${spread(told)} of ${startTimeout} ms`,
    )
  },
}

type Rules = SnakepitOptions & { size: number; startBatch: number; restart: { maxStartFailures: number } }

/** One batch, and the end. Gives how long a start that hangs was waited for. */
async function neverUp(round: Round, mode: string, options: Rules, count: StartCount): Promise<number[]> {
  const began = performance.now()
  const error = await reasonOf(open(mode, options, count))
  const took = performance.now() - began
  expectTold(round, mode, error, 'worker_start_failed')
  expectStarts(round, count, Math.min(options.size, options.startBatch))
  if (!hangs.includes(mode)) return []
  if (took < startTimeout || took > startTimeout * 1.5) round.fail(`told after ${took} ms`)
  return [took]
}

/** Every place fails so often, each after a worker that was killed; then there is no pool any more. */
async function onceUp(round: Round, mode: string, options: Rules, count: StartCount): Promise<void> {
  const { size, restart } = options
  await using pit = await open(mode, { ...options, env: { MISBEHAVE_AFTER: `${size}` } }, count)
  await within(pit.ready(), 'the workers', 30_000)
  for (const worker of pit.workers()) {
    process.kill(worker.info()?.pid as number, 'SIGKILL')
    // At once, or one place after another.
    if (round.random() < 0.5) await eventually(() => pit.stats().workers.ready < size, 'the end of a worker')
  }
  await eventually(() => pit.stats().workers['given-up'] === size, 'the end of the pool', 30_000)
  expectTold(round, mode, await reasonOf(pit.execute('pid')), 'pool_failed')
  expectStarts(round, count, size + size * (restart.maxStartFailures + 1))
}

function expectTold(round: Round, mode: string, error: unknown, code: string): void {
  const isAsSaid = error instanceof SnakepitError && error.code === code && modes[mode]?.test(messagesOf(error))
  if (!isAsSaid) round.fail(`expected ${code} and ${modes[mode]}, got ${messagesOf(error)}`)
}

function messagesOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = error instanceof SnakepitError ? `${error.code}: ` : ''
  return `${code}${error.message}${error.cause === undefined ? '' : ` because ${messagesOf(error.cause)}`}`
}

function expectStarts(round: Round, { count }: StartCount, expected: number): void {
  if (count !== expected) round.fail(`${count} processes were started, not ${expected}`)
}

function open(mode: string, options: SnakepitOptions | Rules, starts: StartCount): Promise<Snakepit> {
  const env = { ...misbehaving(mode), ...starts.env, ...options.env }
  return Snakepit.open({
    ...options,
    adapter: adapterAt('plain.py'),
    drain: 0,
    startTimeout: hangs.includes(mode) ? startTimeout : 30_000,
    env,
  })
}
