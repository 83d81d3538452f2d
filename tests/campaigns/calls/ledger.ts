// Calls and streams with names, while workers die and wires break; both sides write down what they see, and the laws judge it.
import { runCampaign } from '../../faults/kit/campaign.js'
import { report } from '../../support/call-ledger.js'
import type { Campaign } from '../campaign.js'
import { counted, tally } from './kit.js'

/** Calls between two looks at the ledgers, so that memory stays flat however long it goes on. */
const perRound = 5_000

export const ledger: Campaign = {
  name: 'ledger',
  guarantees: ['G5', 'G9', 'G10', 'G11', 'G12'],
  sentence:
    'No answer goes to another call, each call ends once, nothing comes after that, chunks are complete and in order, and no call runs twice or is denied to have run',
  unit: 'calls',
  trials: { share: 2_000, chaos: 100_000, soak: 10_000_000 },
  async run({ trials, seed, scale }) {
    // Each harm costs the restart of a worker, which is when the others have everything to do.
    const harmEvery = scale === 'share' ? 300 : 500
    const failures: string[] = []
    const done: Record<string, number> = {}
    let made = 0
    let chunks = 0
    for (let round = 0; made < trials && failures.length < 10; round++) {
      const total = Math.min(perRound, trials - made)
      const streams = Math.floor(total / 5)
      const calls = { calls: total - streams, streams, inFlight: 64 }
      const plan = { seed: seed + 2 * round, workers: 2, concurrency: 32, harmEvery, limit: 120_000, ...calls }
      const again = `round ${round}, plan ${JSON.stringify(plan)}`
      try {
        const { findings, events, harms, tally: seen } = await runCampaign(plan)
        if (findings.length > 0) failures.push(`${again}\n${shortened(report(findings, events, 2))}`)
        if (seen.submitted !== total) failures.push(`${again}: only ${seen.submitted} of ${total} calls were made`)
        for (const [harm, count] of Object.entries(harms)) tally(done, harm, count)
        made += seen.submitted ?? 0
        chunks += seen.chunks ?? 0
      } catch (error) {
        failures.push(`${again}\n${error instanceof Error ? error.stack : String(error)}`)
        break
      }
    }
    const missing = Object.entries(done).filter(([, count]) => count === 0)
    if (made > 2 * perRound && missing.length > 0) failures.push(`no harm was done by ${missing.map(([harm]) => harm)}`)
    return { trials: made, failures, figures: `${chunks.toLocaleString('en-US')} chunks; ${counted(done)}` }
  },
}

/** The plan makes the rest again. */
function shortened(text: string): string {
  const lines = text.split('\n')
  return lines.length <= 60 ? text : [...lines.slice(0, 60), `… and ${lines.length - 60} lines more`].join('\n')
}
