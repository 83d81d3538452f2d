// The library signals nobody but those it has started, though their numbers are given to others as soon as they are free.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../../support/temporary.js'
import type { Campaign, Plan } from '../campaign.js'
import { adapterAt, type Host, programOf, startHost } from './host.js'
import { inRounds, type Round } from './rounds.js'
import { namespace, tracer } from './sandbox.js'
import { readSignals, type Signals } from './signal-log.js'

/** Workers that one host sees the end of. */
const perHost = 10
const isTraced = tracer('/dev/null') !== undefined
const python = process.env.SNAKEPIT_PYTHON ?? 'python3'

export const strangers: Campaign = {
  name: 'strangers',
  guarantees: ['G2'],
  sentence:
    'workers are closed, crash, time out, are replaced and do not start, while each number that becomes free is given to a stranger: nobody is signalled who is not ours',
  unit: 'ends of workers',
  trials: { share: 2, chaos: 40, soak: 200 },
  async run(plan) {
    const each = Math.min(perHost, plan.trials / 2)
    const hosts: Plan = { ...plan, trials: Math.ceil(plan.trials / each) }
    const total = { ends: 0, sent: 0, born: 0, strangers: 0 }
    const folder = temporaryFolder()
    const outcome = await inRounds(
      hosts,
      2,
      async (round) => {
        const log = join(folder, `signals-${round.number}`)
        const { host, seed } = start(round, each, log)
        round.note(`troubled.ts ${each} ${seed}`)
        try {
          const { code } = await host.ended(each * 40_000)
          if (code !== 0) round.fail(`the host ended with ${code}`)
        } finally {
          host.signal('SIGKILL')
        }
        total.ends += endsOf(host, round)
        total.strangers += strangersOf(host, round)
        const { sent, born } = signalsOf(log, round)
        total.sent += sent
        total.born += born
        rmSync(log, { force: true })
      },
      () => {
        const traced = isTraced ? `${total.sent} signals among ${total.born} processes and threads` : 'no strace here'
        const reused = namespace ? `${total.strangers} numbers taken by strangers` : 'no PID namespaces here'
        return `${traced}; ${reused}`
      },
    )
    return { ...outcome, trials: total.ends }
  },
}

function start(round: Round, times: number, log: string): { host: Host; seed: number } {
  const seed = round.below(2 ** 31)
  const occupier = namespace ? [...namespace, python, programOf('occupier.py')] : []
  const under = [...occupier, ...(tracer(log) ?? [])]
  return {
    host: startHost({ program: programOf('troubled.ts'), words: [adapterAt('trouble.py'), times, seed], under }),
    seed,
  }
}

/** How many workers the host saw the end of. */
function endsOf(host: Host, round: Round): number {
  const ends = host.lines.map((line) => JSON.parse(line)).filter(({ name }) => name !== undefined)
  for (const { name, problem } of ends) if (problem !== undefined) round.fail(`${name}: ${problem}`)
  return ends.length
}

/** How many numbers were taken by others. */
function strangersOf(host: Host, round: Round): number {
  if (namespace === undefined) return 0
  const { status, strangers, hit } = JSON.parse(host.lines.at(-1) ?? '{}')
  if (status !== 0) round.fail(`the host ended with ${status}`)
  const harmed = Object.entries(hit ?? { unknown: 'the host said nothing' })
  if (harmed.length > 0)
    round.fail(`strangers were harmed: ${harmed.map((each) => each.join(' ended with ')).join(', ')}`)
  return strangers ?? 0
}

function signalsOf(log: string, round: Round): Signals {
  if (!isTraced) return { sent: 0, born: 0, foreign: [] }
  const signals = readSignals(readFileSync(log, 'utf8'))
  for (const line of signals.foreign) round.fail(`a signal for somebody else: ${line}`)
  return signals
}
