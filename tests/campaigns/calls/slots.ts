// Blocking calls are abandoned and the same slot is asked for at once: is it given away before Python has left?
import { truncateSync } from 'node:fs'
import type { Snakepit } from '../../../src/index.js'
import { eventsFrom, mostAtOnce } from '../../support/call-ledger.js'
import { eventually } from '../../support/eventually.js'
import { Ledger } from '../../support/ledger.js'
import { oneOf, seeded } from '../../support/seeded.js'
import { within } from '../../support/within.js'
import type { Campaign } from '../campaign.js'
import { counted, inLanes, openPool, patience, tally } from './kit.js'

const blocking = ['sleeps', 'cleans_up', 'in_c', 'hides_one', 'lingers', 'yields'] as const
const quick = ['quick', 'quick_later'] as const
const perRound = 1_000

export const slots: Campaign = {
  name: 'slots',
  guarantees: ['G6'],
  sentence: 'A slot whose call was abandoned is not given to another one before the tool has really ended',
  unit: 'calls abandoned',
  trials: { share: 300, chaos: 6_000, soak: 300_000 },
  async run({ trials, seed }) {
    const random = seeded(seed)
    const failures: string[] = []
    const counts: Record<string, number> = {}
    let made = 0
    for (const [concurrency, part] of [
      [1, Math.ceil((trials * 2) / 3)],
      [3, Math.floor(trials / 3)],
    ] as const) {
      const ledger = new Ledger()
      const pit = await openPool('slots.py', { size: 2, concurrency, cancelGrace: 20_000, env: ledger.env })
      try {
        for (let left = part; left > 0 && failures.length < 10; left -= perRound) {
          const round = Math.min(perRound, left)
          await inLanes(round, 2 * concurrency + 2, (index, lane) =>
            abandonOne(pit, `${concurrency}-${made + index}`, lane, random, failures),
          )
          await eventually(() => pit.stats().running === 0, 'every tool to be left')
          const events = eventsFrom(ledger.lines())
          for (const { kind } of events) tally(counts, kind)
          for (const [worker, most] of mostAtOnce(events)) {
            if (most <= concurrency) continue
            const own = events.filter((event) => event.worker === worker).map((event) => JSON.stringify(event))
            failures.push(`${most} at once on ${worker} with ${concurrency} slots, calls ${made} on\n${own.join('\n')}`)
          }
          truncateSync(ledger.path, 0)
          made += round
        }
        const { replaced, ...rungs } = pit.stats().cancels
        if (replaced > 0) failures.push(`${replaced} workers were replaced, though every tool can be left`)
        for (const [rung, count] of Object.entries(rungs)) tally(counts, rung, count)
      } finally {
        await pit.close()
      }
    }
    if ((counts.interrupted ?? 0) === 0) failures.push('no running tool was ever left')
    return { trials: made, failures, figures: counted(counts) }
  },
}

/** Begins a call that blocks, leaves it after a moment that chance chooses, and asks for the same slot at once. */
async function abandonOne(
  pit: Snakepit,
  call: string,
  lane: number,
  random: () => number,
  failures: string[],
): Promise<void> {
  const calls = random() < 0.7 ? pit.session(`lane-${lane}`, { affinity: 'strict_queue' }) : pit
  const controller = new AbortController()
  const { signal } = controller
  const way = oneOf(blocking, random)
  const abandoned =
    way === 'yields' ? first(calls.stream(way, { call }, { signal })) : calls.execute(way, { call }, { signal })
  const moment = random() * (random() < 0.2 ? 1 : 12)
  const timer = setTimeout(() => controller.abort(), moment)
  // It was left, or it had ended before: the slot is asked for in the same turn.
  await within(abandoned, `${way} ${call} to be left`, patience).catch((error: unknown) => {
    if (!signal.aborted) failures.push(`${way} ${call}: ${error}`)
  })
  clearTimeout(timer)
  const next = oneOf(quick, random)
  const value = await within(calls.execute<string>(next, { call: `${call}-next` }), `${next} after ${call}`, patience)
  if (value !== `${call}-next`) failures.push(`${next} after ${call} gave ${value}`)
}

async function first(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}
