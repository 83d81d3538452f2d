// Calls through a pool: queue, leases, wire and readers, under any order of acts, deaths, time and the end of the pool.
// timeout: 180 s
//
//     SCHEDULES=100000 SEED=1 node --import tsx tests/schedules/call-schedules.test.ts
import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { losses, Retries, type RetryRules } from '../../src/api/retries.js'
import { Pool } from '../../src/pool/pool.js'
import { resolvePoolOptions } from '../../src/pool/pool-settings.js'
import { HandClock } from '../pool/scripted-pool.js'
import { type LedgerEvent, tallyOf } from '../support/call-ledger.js'
import { live, Sightings, schedules, stepsOf } from '../support/schedules.js'
import { turn } from '../support/within.js'
import { underHandTime } from './hand-time.js'
import { Stage } from './planned-tools.js'
import { poolCallPlans } from './pool-call-plan.js'
import { PoolCaller } from './pool-caller.js'
import { Workforce } from './served-worker.js'

const after = fc.nat(40)
const which = fc.nat(1)
const scenes = fc.record({
  calls: fc.array(poolCallPlans, { minLength: 1, maxLength: 6 }),
  /** All calls have one signal. */
  sharesSignal: fc.oneof(fc.constant(false), fc.constant(false), fc.constant(false), fc.boolean()),
  kills: fc.array(fc.record({ after, which, still: fc.nat(2) }), { maxLength: 2 }),
  replacements: fc.array(fc.record({ after, which }), { maxLength: 2 }),
  /** Milliseconds that pass, a step each. */
  time: fc.array(fc.constantFrom(0, 1, 15, 60, 500), { maxLength: 8 }),
  close: fc.oneof(
    fc.constant(undefined),
    fc.constant(undefined),
    fc.record({ after: fc.nat(60), drain: fc.constantFrom(0, 100, 5000), again: fc.boolean() }),
  ),
  pool: fc.record({
    size: fc.integer({ min: 1, max: 2 }),
    concurrency: fc.integer({ min: 1, max: 2 }),
    maxQueue: fc.constantFrom(0, 2, 100, 100, 100),
    barrier: fc.constantFrom(false as const, { crashes: 2, within: 3000 }),
  }),
  starts: fc.constantFrom([], [], [], [false, true]),
  depth: fc.integer({ min: 1, max: 3 }),
  isCalm: fc.boolean(),
})
type Scene = typeof scenes extends fc.Arbitrary<infer T> ? T : never

const rules: RetryRules = {
  attempts: 3,
  backoff: 10,
  maxBackoff: 100,
  jitter: 0,
  budget: { share: 0.2, perSecond: 10 },
  on: ({ code }) => losses.includes(code),
}

/** Lives one schedule and checks the laws. Returns everything that was written down. */
async function play(scene: Scene, scheduler: fc.Scheduler, clock: HandClock): Promise<LedgerEvent[]> {
  const step = stepsOf(scheduler)
  const stage = new Stage(step)
  const workforce = new Workforce(stage, scene)
  const pool = new Pool(
    resolvePoolOptions({
      name: 'w',
      ...scene.pool,
      restart: { maxCrashes: 1000, maxStartFailures: 1000, backoff: 10, jitter: 0 },
    }),
    { clock, random: () => 0, memoryOf: () => undefined, spawn: workforce.spawn },
  )
  const retries = new Retries(rules, () => 0)
  const shared = new AbortController()
  const callers = scene.calls.map((plan, index) => {
    return new PoolCaller(
      plan,
      `c-${index}`,
      stage,
      { pool, retries },
      scene.sharesSignal ? shared : new AbortController(),
    )
  })
  const notes = callers.map((caller) => {
    const note = () => caller.noteAbort()
    caller.controller.signal.addEventListener('abort', note, { once: true })
    return () => caller.controller.signal.removeEventListener('abort', note)
  })
  let closing: Promise<void> | undefined
  let isClosed = false
  const close = (drain: number) => {
    closing = pool.close({ drain })
    void closing.then(() => {
      isClosed = true
    })
  }
  const at = async (steps: number, act: () => void) => {
    for (let left = steps; left > 0; left--) await step('time passes')
    act()
  }

  pool.start().catch(() => undefined)
  for (const caller of callers) void caller.live()
  for (const { after, which, still } of scene.kills) void at(after, () => void workforce.some(which)?.kill(still))
  for (const { after, which } of scene.replacements) void at(after, () => workforce.some(which)?.hang())
  const pass = async () => {
    for (const milliseconds of scene.time) {
      await step('time passes')
      clock.advance(milliseconds)
    }
  }
  void pass()
  if (scene.close !== undefined) {
    const { after, drain, again } = scene.close
    void at(after, () => {
      close(drain)
      if (again) void at(5, () => close(0))
    })
  }

  let rests = 0
  await live(scheduler, scene.isCalm, async () => {
    rests++
    // Where nothing is left to be done, a tool that was entered waits to be cancelled, or its worker is dead.
    const open = () => callers.filter((caller) => !caller.isOver)
    for (const { nonce } of open()) if (workforce.isStuck(nonce)) stage.broken.push(`${nonce} does not go on`)
    // First the restarts and the timeouts that are near, then whoever waits for ever leaves, then the pool closes.
    clock.advance(rests > 9 ? 20_000 : 100)
    await turn()
    if (rests > 3) for (const caller of open()) caller.leave()
    if (rests > 6 && closing === undefined) close(0)
    if (rests > 20) stage.broken.push('it is never over')
    return stage.broken.length > 0 || (open().length === 0 && isClosed)
  })
  for (const forget of notes) forget()
  // The second `close` said at once.
  clock.advance(0)

  stage.check((call) => scene.calls[Number(call.slice(2))]?.isIdempotent === true)
  agree(pool, tallyOf(stage.events))
  for (const { controller } of callers)
    assert.equal(getEventListeners(controller.signal, 'abort'), [], 'a listener is left')
  assert.is(clock.timers, 0, 'timers are left')
  assert.equal(
    workforce.workers.map(({ tools }) => tools.running).filter((running) => running > 0),
    [],
    'a tool was not left',
  )
  return stage.events
}

/** What the pool counted is what the callers saw; only how a call ended that was left may differ. */
function agree(pool: Pool, told: Record<string, number>): void {
  const { submitted, queued, running, completed, errors, cancelled, timeouts, refused, lost, retries } = pool.stats()
  assert.equal([queued, running], [0, 0], 'calls are left')
  assert.is(submitted, completed + errors + cancelled + timeouts + refused + lost, 'the counts add up')
  const by = (...codes: string[]) => codes.reduce((sum, code) => sum + (told[code] ?? 0), 0)
  const [made, calls] = [by('submitted'), submitted - retries]
  assert.ok(calls <= made && calls >= made - by('aborts'), `${calls} calls were submitted, ${made} made`)
  assert.ok(completed >= by('ok'), 'completed')
  assert.ok(lost >= by('worker_crashed', 'worker_stopping'), 'lost')
}

test('API-09, POOL-01, STREAM-01, CANCEL-04, FAULT-01, guarantee:G5, guarantee:G9, guarantee:G10, guarantee:G11, guarantee:G12, guarantee:G16: calls of a pool keep their laws under every schedule', async () => {
  const seen = new Sightings()
  await fc.assert(
    fc.asyncProperty(scenes, fc.scheduler(), async (scene, scheduler) => {
      const clock = new HandClock()
      seen.add(await underHandTime(clock, () => play(scene, scheduler, clock)))
    }),
    schedules(10_000),
  )
  seen.mustHold([
    'ok',
    'host_tool_failed',
    'aborted',
    'left',
    'timeout',
    'worker_crashed',
    'worker_stopping',
    'pool_closed',
  ])
})

test.run()
