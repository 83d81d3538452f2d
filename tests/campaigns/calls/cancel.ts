// Tools of eight kinds are left at moments that chance chooses: each cleans up, soon, and its worker stays.
import { truncateSync } from 'node:fs'
import type { PoolStats, Snakepit } from '../../../src/index.js'
import { deferred } from '../../support/deferred.js'
import { eventually } from '../../support/eventually.js'
import { Ledger } from '../../support/ledger.js'
import { oneOf, seeded } from '../../support/seeded.js'
import { within } from '../../support/within.js'
import { type Campaign, percentile, type Scale } from '../campaign.js'
import { counted, inLanes, monotonic, openPool, patience, spread } from './kit.js'

/** What has to be true of 99 in 100: milliseconds from leaving to the cleanup. */
const limits = {
  awaits: 100,
  async_generator: 100,
  generator: 100,
  blocked_generator: 100,
  sleeps: 100,
  loops_on_the_loop: 200,
  loops_on_a_thread: 200,
  generator_on_a_thread: 100,
} as const
type Kind = keyof typeof limits
const kinds = Object.keys(limits) as Kind[]
const streaming: readonly string[] = ['async_generator', 'generator', 'blocked_generator', 'generator_on_a_thread']
const perRound = 500
/** Which share of the cancels is judged: fifty are too few for what one in a hundred of them meets by chance. */
const judged: Record<Scale, number> = { share: 0.9, chaos: 0.99, soak: 0.99 }

/** A call that was left, as its caller knows it. */
interface Left {
  readonly kind: Kind
  readonly at: number
}

export const cancel: Campaign = {
  name: 'cancel',
  guarantees: ['G15'],
  sentence:
    'A tool that is left at any moment runs its `finally` within 100 ms (200 ms where it kept its thread to itself), and its worker stays',
  unit: 'cancels',
  trials: { share: 300, chaos: 6_000, soak: 300_000 },
  async run({ trials, seed, scale }) {
    const random = seeded(seed)
    const failures: string[] = []
    const ledger = new Ledger()
    const common = { cancelGrace: 20_000, env: ledger.env }
    const pit = await openPool('cancel.py', {
      pools: { one: { ...common, size: 2 }, threads: { ...common, threads: 3 } },
    })
    const pids = () => pit.workers().map((worker) => worker.info()?.pid)
    const before = pids()
    const took = new Map<Kind, number[]>(kinds.map((kind) => [kind, []]))
    let made = 0
    try {
      for (; made < trials && failures.length < 10; made += perRound) {
        const left = new Map<number, Left>()
        await inLanes(Math.min(perRound, trials - made), 2, async (index) => {
          const kind = oneOf(kinds, random)
          left.set(made + index, { kind, at: await leave(pit, kind, made + index, random) })
          await within(
            pit.execute('pid', {}, { pool: poolOf(kind) }),
            `a free slot after ${kind} ${made + index}`,
            patience,
          )
        })
        await eventually(() => pit.stats('one').running + pit.stats('threads').running === 0, 'every tool to be left')
        judge(ledger.lines(), left, took, failures)
        truncateSync(ledger.path, 0)
      }
      if (pids().join() !== before.join()) failures.push(`workers were replaced: ${before} became ${pids()}`)
      const { replaced, ...rungs } = summed(pit.stats('one').cancels, pit.stats('threads').cancels)
      if (replaced > 0) failures.push(`${replaced} tools cost their worker`)
      for (const kind of kinds) {
        const most = percentile(took.get(kind) as number[], judged[scale])
        if (!(most <= limits[kind]))
          failures.push(`${kind}: ${spread(took.get(kind) as number[])}, ${limits[kind]} ms allowed`)
      }
      const figures = kinds.map((kind) => `${kind} ${spread(took.get(kind) as number[])}`)
      return { trials: Math.min(made, trials), failures, figures: `${figures.join('; ')}; ${counted(rungs)}` }
    } finally {
      await pit.close()
    }
  },
}

function poolOf(kind: Kind): 'one' | 'threads' {
  return kind.endsWith('_on_a_thread') ? 'threads' : 'one'
}

function summed(one: PoolStats['cancels'], other: PoolStats['cancels']): PoolStats['cancels'] {
  const sums = Object.entries(one).map(([rung, count]) => [rung, count + other[rung as keyof typeof other]])
  return Object.fromEntries(sums)
}

/** Begins a call and leaves it: half of them when the tool has surely begun, half whenever. Gives the moment. */
async function leave(pit: Snakepit, kind: Kind, call: number, random: () => number): Promise<number> {
  const controller = new AbortController()
  const begun = deferred()
  const options = { signal: controller.signal, onProgress: () => begun.resolve(), pool: poolOf(kind) }
  const waits = random() < 0.5
  const tool = kind.replace('_on_a_thread', '')
  const stream = streaming.includes(kind) ? pit.stream(tool, { call }, options)[Symbol.asyncIterator]() : undefined
  const next = stream === undefined ? pit.execute(tool, { call }, options) : stream.next()
  const ended = next.then(
    () => undefined,
    (error: unknown) => {
      if (!controller.signal.aborted) throw error
    },
  )
  const moment = deferred<number>()
  const abort = () => {
    moment.resolve(monotonic())
    if (stream !== undefined && call % 3 === 0) void stream.return?.()
    else controller.abort()
  }
  if (waits) void begun.promise.then(abort)
  else setTimeout(abort, random() * 6)
  // A stream may give its first chunk before.
  const at = await within(moment.promise, `${kind} ${call} to begin`, patience)
  await within(ended, `${kind} ${call} to be left`, patience)
  return at
}

/** Each tool that began has cleaned up once, and soon. */
function judge(
  lines: readonly string[],
  left: ReadonlyMap<number, Left>,
  took: ReadonlyMap<Kind, number[]>,
  failures: string[],
): void {
  const begun = new Map<number, number>()
  const cleaned = new Map<number, number>()
  for (const line of lines) {
    const [what, name, at] = line.split(' ')
    const book = what === 'begin' ? begun : cleaned
    if (book.has(Number(name))) failures.push(`${left.get(Number(name))?.kind} ${name}: a second ${what}`)
    book.set(Number(name), Number(at))
  }
  for (const [call, began] of begun) {
    const { kind, at } = left.get(call) ?? {}
    const ended = cleaned.get(call)
    if (kind === undefined || at === undefined) failures.push(`call ${call} began, but nobody made it`)
    else if (ended === undefined) failures.push(`${kind} ${call} began, was left, and never cleaned up`)
    else took.get(kind)?.push(ended - Math.max(at, began))
  }
}
