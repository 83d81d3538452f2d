// Calls and streams under aborts, time limits, dying workers and broken wires: both sides write, the laws hold.
// timeout: 180 s
//
//     CAMPAIGN=20000,2000,7 node --import tsx tests/faults/ledger.test.ts     calls, streams, seed
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { report } from '../support/call-ledger.js'
import { nothingEscaped } from '../support/escaped.js'
import { type Harm, lineOf, type Plan, runCampaign } from './kit/campaign.js'

const [calls = 1800, streams = 360, seed = 20_260_401] = (process.env.CAMPAIGN ?? '')
  .split(',')
  .filter(Boolean)
  .map(Number)
const plan: Plan = {
  seed,
  calls,
  streams,
  workers: 3,
  concurrency: 4,
  inFlight: 48,
  harmEvery: 150,
  limit: 60_000 + (calls + streams) * 5,
}

test('guarantee:G5, guarantee:G9, guarantee:G10, guarantee:G11, guarantee:G12, FAULT-01: both sides tell the same', async () => {
  const outcome = await runCampaign(plan)
  console.log(`\n${lineOf(outcome, 'G5, G9, G10, G11, G12')}\n${JSON.stringify(outcome.tally)}`)
  await nothingEscaped()
  assert.is(report(outcome.findings, outcome.events), '')
  const {
    submitted = 0,
    executed = 0,
    chunks = 0,
    ok = 0,
    cancelled = 0,
    timeout = 0,
    worker_crashed = 0,
  } = outcome.tally
  assert.is(submitted, calls + streams)
  assert.ok(ok > submitted / 2 && executed > ok && chunks > 10 * (streams / 2), 'too little was done')
  assert.ok(cancelled > 0 && timeout > 0 && worker_crashed > 0, 'too little went wrong')
  for (const harm of ['kill', 'reset', 'half-close', 'cut', 'slow'] satisfies Harm[]) {
    assert.ok(outcome.harms[harm] > 0, `nothing was harmed by ${harm}`)
  }
})

test.run()
