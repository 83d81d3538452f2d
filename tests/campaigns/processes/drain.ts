// SIGTERM to a host lets the calls that it has accepted end well.
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { eventually } from '../../support/eventually.js'
import { Ledger } from '../../support/ledger.js'
import { descendantsOf } from '../../support/processes.js'
import type { Campaign } from '../campaign.js'
import { startHost } from './host.js'
import { described, kinOf, lives } from './kin.js'
import { inRounds, type Round, spread } from './rounds.js'

const program = fileURLToPath(new URL('../../faults/terminated-host.ts', import.meta.url))
const adapter = fileURLToPath(new URL('../../faults/adapters/patient.py', import.meta.url))
const calls = 200
/** Calls that run at a time; the others wait. */
const running = 100
/** Milliseconds that calls get, and that a host may take beyond that. */
const grace = 10_000
const slack = 3_000

export const drain: Campaign = {
  name: 'drain',
  guarantees: ['G23'],
  sentence:
    'SIGTERM reaches a host with 200 calls in flight: all 200 succeed, it ends by the signal within the grace + 3 s',
  unit: 'hosts told to end',
  trials: { share: 1, chaos: 6, soak: 200 },
  async run(plan) {
    const took: number[] = []
    return inRounds(
      plan,
      2,
      async (round) => {
        took.push(await oneDrain(round))
      },
      () => `${calls * took.length} calls; the end came after ${spread(took)}`,
    )
  },
}

async function oneDrain(round: Round): Promise<number> {
  const seconds = 0.5 + round.below(25) / 10
  const moment = round.below(seconds * 1000)
  round.note(`calls of ${seconds} s, SIGTERM after ${moment} ms`)
  const ledger = new Ledger()
  const host = startHost({ program, words: [adapter, calls, seconds, grace], env: ledger.env })
  try {
    await host.says(1)
    await ledger.has('begin', running)
    const family = descendantsOf(host.pid)
      .map(kinOf)
      .filter((kin) => kin !== undefined)
    await pause(moment)
    const told = performance.now()
    host.signal('SIGTERM')
    const { code, signal } = await host.ended(grace + 20_000)
    const took = performance.now() - told
    if (signal !== 'SIGTERM') round.fail(`the host ended with ${code ?? signal}`)
    if (took > grace + slack) round.fail(`it took ${took} ms`)
    if (host.lines.at(-1) !== `${calls} done, 0 failed`) round.fail(`it said ${host.lines.slice(1).join('; ')}`)
    const [began, ended] = [ledger.lines('begin').length, ledger.lines('end').length]
    if (began !== calls || ended !== calls) round.fail(`Python began ${began} and ended ${ended}`)
    await eventually(() => !family.some(lives), 'the end of its processes', 2_000).catch(() => {
      round.fail(`there still were ${family.filter(lives).map(described).join('; ')}`)
    })
    return took
  } finally {
    host.signal('SIGKILL')
  }
}
