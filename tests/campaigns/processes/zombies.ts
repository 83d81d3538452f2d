// Nobody who has died waits to be collected, however workers end, and whoever the host's parent is.
import type { Campaign, Plan } from '../campaign.js'
import { adapterAt, programOf, startHost } from './host.js'
import { inRounds } from './rounds.js'
import { namespace } from './sandbox.js'

/** Workers that one host sees the end of. */
const perHost = 12

export const zombies: Campaign = {
  name: 'zombies',
  guarantees: ['G3'],
  sentence:
    'workers are closed, crash, are replaced and do not start, with Node as PID 1 too: no zombie is left at rest',
  unit: 'ends of workers',
  trials: { share: 2, chaos: 36, soak: 500 },
  async run(plan) {
    const each = Math.min(perHost, plan.trials / 2)
    const ends: Record<string, number> = {}
    const kinds = new Set<string>()
    const hosts: Plan = { ...plan, trials: Math.ceil(plan.trials / each) }
    const outcome = await inRounds(
      hosts,
      2,
      async (round) => {
        const under = (round.number % 2 === 0 && namespace) || []
        const first = under.length > 0
        const seed = round.below(2 ** 31)
        kinds.add(first ? 'as PID 1' : 'as any process')
        round.note(`node ${first ? 'is PID 1' : 'is any process'}, troubled.ts with seed ${seed}`)
        const words = [adapterAt('trouble.py'), each, seed]
        const host = startHost({ program: programOf('troubled.ts'), words, under })
        try {
          const { code } = await host.ended(each * 30_000)
          if (code !== 0) round.fail(`the host ended with ${code}`)
        } finally {
          host.signal('SIGKILL')
        }
        for (const line of host.lines) {
          const { name, problem } = JSON.parse(line) as { name: string; problem?: string }
          ends[name] = (ends[name] ?? 0) + 1
          if (problem !== undefined) round.fail(`${name}: ${problem}`)
        }
      },
      () =>
        `hosts: ${[...kinds].join(' and ')}; ${Object.entries(ends)
          .map((entry) => entry.join(' '))
          .join(', ')}`,
    )
    return { ...outcome, trials: Object.values(ends).reduce((sum, count) => sum + count, 0) }
  },
}
