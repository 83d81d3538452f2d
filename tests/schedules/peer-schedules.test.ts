// Calls between two peers, under any order of arrivals, steps of tools, acts of callers and the end of the wire.
// timeout: 180 s
//
//     SCHEDULES=200000 SEED=1 node --import tsx tests/schedules/peer-schedules.test.ts
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { LedgerEvent } from '../support/call-ledger.js'
import { pair } from '../support/peers.js'
import { ScheduledWires } from '../support/scheduled-wires.js'
import { live, Sightings, schedules, stepsOf } from '../support/schedules.js'
import { callPlans, PeerCaller } from './peer-caller.js'
import { PlannedTools, Stage } from './planned-tools.js'

const scenes = fc.record({
  calls: fc.array(callPlans, { minLength: 1, maxLength: 5 }),
  /** Steps until the wire is cut; undefined for never. */
  cutAfter: fc.oneof(fc.nat(60), fc.constant(undefined)),
  /** Messages that still arrive then. */
  still: fc.nat(2),
  depth: fc.integer({ min: 1, max: 3 }),
  isCalm: fc.boolean(),
})
type Scene = typeof scenes extends fc.Arbitrary<infer T> ? T : never

/** Lives one schedule and checks the laws. Returns everything that was written down. */
async function play({ calls, cutAfter, still, depth, isCalm }: Scene, scheduler: fc.Scheduler): Promise<LedgerEvent[]> {
  const step = stepsOf(scheduler)
  const stage = new Stage(step)
  const served = [new PlannedTools(stage, 'worker'), new PlannedTools(stage, 'host')] as const
  const wires = new ScheduledWires(depth)
  const talk = await pair(served[0].tools, served[1].tools, wires.ends)
  wires.hold(step)
  let isCut = false
  const callers = calls.map((plan, index) => new PeerCaller(plan, `c-${index}`, stage))
  for (const caller of callers) void caller.live(caller.plan.from === 'host' ? talk.host : talk.worker)
  const cut = async () => {
    for (let left = cutAfter ?? 0; left > 0; left--) await step('time passes')
    isCut = true
    wires.cut(still)
  }
  if (cutAfter !== undefined) void cut()
  await live(scheduler, isCalm, () => {
    const open = callers.filter((caller) => !caller.isOver)
    // What waits to be cancelled is cancelled in the end; nothing else waits, and on a wire that was cut nothing at all.
    const stuck = open.filter(
      ({ nonce, hasLeft }) => isCut || hasLeft || !served.some(({ waiting }) => waiting.has(nonce)),
    )
    for (const { nonce } of stuck) stage.broken.push(`${nonce} does not go on`)
    for (const caller of open) caller.leave()
    return open.length === 0 || stuck.length > 0
  })

  const isLost = callers.some(({ end }) => end === 'lost')
  const remembered = [talk.host.running, talk.worker.running]
  wires.letGo()
  await talk.cut()
  await live(scheduler, true, () => true)
  stage.check()
  assert.ok(isCut || !isLost, 'a call was lost on a whole wire')
  assert.equal(remembered, [0, 0], 'a peer remembers calls that are over')
  assert.ok(
    served.every(({ running }) => running === 0),
    'a tool was not left',
  )
  return stage.events
}

test('STREAM-01, STREAM-07, CANCEL-04, guarantee:G5, guarantee:G9, guarantee:G10, guarantee:G11, guarantee:G16: peers keep the laws of calls under every schedule', async () => {
  const seen = new Sightings()
  await fc.assert(
    fc.asyncProperty(scenes, fc.scheduler(), async (scene, scheduler) => {
      seen.add(await play(scene, scheduler))
    }),
    schedules(20_000),
  )
  seen.mustHold(['ok', 'host_tool_failed', 'aborted', 'transport_failed', 'tool_not_found'])
})

test.run()
