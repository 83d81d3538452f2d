// What a pool says of itself is what its callers saw: counts, latencies, state; and how it drains.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type PoolState, Snakepit, type SnakepitOptions } from '../../src/index.js'
import { failsWith } from '../support/errors.js'
import { eventually } from '../support/eventually.js'
import { Gate } from '../support/gate.js'
import { Ledger } from '../support/ledger.js'
import { adapterOf, openOne, pidOf } from '../support/pit.js'
import { isAlive } from '../support/processes.js'
import { reasonOf } from '../support/rejection.js'
import { within } from '../support/within.js'

const ledger = new Ledger()
const common = { adapter: adapterOf(import.meta.url, 'desk.py'), env: ledger.env, drain: 0 } as const
const patient = { restart: { backoff: 0, maxCrashes: 100 }, barrier: false } as const

test('API-09: every way that a call can end is counted once', async () => {
  await using pit = await openOne(common.adapter, { ...common, ...patient, maxQueue: 3, concurrency: 1 })
  for (let call = 0; call < 7; call++) await pit.execute('whoami')
  for await (const _ of pit.stream('ran_stream', { name: 's' }));
  for (let call = 0; call < 5; call++) await failsWith(pit.execute('raises'), 'python_error')
  await failsWith(pit.execute('no_such_tool'), 'tool_not_found')
  for (let call = 0; call < 2; call++) await failsWith(pit.execute('silent', { name: 't' }, { timeout: 30 }), 'timeout')
  await failsWith(pit.execute('silent', { name: 'i' }, { idleTimeout: 30 }), 'idle_timeout')
  await settled(pit)

  const gate = new Gate()
  const busy = pit.execute('hold', { gate: gate.path })
  await gate.entered()
  const controller = new AbortController()
  const left = reasonOf(pit.execute('whoami', {}, controller))
  const late = failsWith(pit.execute('whoami', {}, { queueTimeout: 20 }), 'queue_timeout')
  const waiting = pit.execute('whoami')
  await failsWith(pit.execute('whoami'), 'pool_saturated')
  assert.equal([pit.stats().queued, pit.stats().running, pit.stats().workers.busy], [3, 1, 1])
  controller.abort()
  await Promise.all([left, late])
  const doomed = failsWith(busy, 'worker_crashed')
  process.kill(pidOf(pit), 'SIGKILL')
  await doomed
  assert.type(await waiting, 'number')

  const { latencies, crashes, ...stats } = pit.stats()
  const counts = { completed: 9, errors: 6, timeouts: 4, cancelled: 1, refused: 1, lost: 1 }
  for (const [name, count] of Object.entries(counts)) {
    assert.is(stats[name as keyof typeof counts], count, `${name}: ${JSON.stringify(stats)}`)
  }
  assert.equal([stats.submitted, stats.queued, stats.running, stats.restarts], [22, 0, 0, 1])
  assert.is(
    Object.values(crashes).reduce((sum, count) => sum + count, 0),
    1,
  )
  assert.ok(latencies.run.count >= 18 && latencies.total.p99 >= latencies.run.p50, JSON.stringify(latencies))
})

test('API-09: `state$` tells how a pool is, replays it, and completes when it is closed', async () => {
  const pit = await Snakepit.open({ ...common, ...patient, size: 2 })
  const states: PoolState[] = []
  const done = new Promise<void>((complete, error) => {
    pit.state$().subscribe({ next: (state) => states.push(state), complete, error })
  })
  assert.is(states.length, 1, 'nothing was replayed')
  await pit.ready()
  await eventually(() => last(states) === 'running 2/2', 'two ready workers')
  process.kill(pidOf(pit), 'SIGKILL')
  await eventually(() => states.some((state) => said(state) === 'running 1/2'), 'the loss')
  await eventually(() => last(states) === 'running 2/2', 'the replacement')
  await pit.close()
  await within(done, 'the end of the states')
  assert.equal(states.slice(-2).map(said), ['closing', 'closed'])
  const replayed: PoolState[] = []
  pit.state$().subscribe((state) => replayed.push(state))
  assert.equal(replayed.map(said), ['closed'])
  assert.throws(() => pit.state$('nowhere'), /there is no pool 'nowhere'/)
})

test('API-09: `state$` of a pool whose workers crash too often: failed, with the reason', async () => {
  await using pit = await openOne(common.adapter, { ...common, restart: { backoff: 0, maxCrashes: 2 } })
  const states: PoolState[] = []
  pit.state$().subscribe((state) => states.push(state))
  for (let crash = 0; crash < 2; crash++) {
    await pit.ready()
    const pid = pidOf(pit)
    process.kill(pid, 'SIGKILL')
    await eventually(() => !isAlive(pid) && pit.workers()[0]?.info()?.pid !== pid, 'the crash to be seen')
  }
  await eventually(() => last(states) === 'failed', 'the failure')
  const error = await failsWith(pit.execute('whoami'), 'pool_failed', /2 crashes of its workers within 60000 ms/)
  assert.is(error.mayHaveRun, false)
})

test('API-09: `workers()` are snapshots that tell process, versions and tools', async () => {
  await using pit = await openOne(common.adapter, common)
  const [worker] = pit.workers()
  assert.equal([worker?.id, worker?.state, worker?.running], ['default-0', 'ready', 0])
  const info = worker?.info()
  assert.is(info?.pid, await pit.execute('whoami'))
  assert.ok(info?.tools.some(({ name }) => name === 'ran_stream'))
  const gate = new Gate()
  const busy = pit.execute('hold', { gate: gate.path })
  await gate.entered()
  assert.equal([worker?.running, pit.workers()[0]?.running], [0, 1])
  gate.open()
  await busy
})

test('API-10: `drain()` finishes what runs and what waits, takes nothing more, and leaves the workers', async () => {
  const { pit, gate, busy } = await openBusy()
  await using _ = pit
  const waiting = [1, 2, 3].map((number) => pit.execute('ran', { name: `drained ${number}` }))
  const draining = pit.drain()
  await failsWith(pit.execute('whoami'), 'pool_closed')
  gate.open()
  assert.is(await draining, true)
  assert.equal(await Promise.all(waiting), ['drained 1', 'drained 2', 'drained 3'])
  await busy
  assert.ok(isAlive(pidOf(pit)))
  await failsWith(pit.execute('whoami'), 'pool_closed')
})

test('API-10: `drain(limit)` says when it was not enough, and `close` ends the rest', async () => {
  const { pit, busy } = await openBusy()
  const error = reasonOf(busy)
  assert.is(await pit.drain(50), false)
  const pid = pidOf(pit)
  await within(pit.close({ drain: 0 }), 'the end')
  await error
  assert.not.ok(isAlive(pid))
})

test('API-10: `drain` and `ready` refuse what they cannot mean', async () => {
  await using pit = await openOne(common.adapter, common)
  for (const limit of [-1, Number.NaN, '5', {}, null]) await failsWith(pit.drain(limit as number), 'invalid_option')
  await failsWith(pit.ready('nowhere'), 'pool_not_found')
  assert.type(await pit.execute('whoami'), 'number')
})

async function openBusy(options: Partial<SnakepitOptions> = {}) {
  const pit = await openOne(common.adapter, { ...common, ...options, drain: 10_000 })
  const gate = new Gate()
  const busy = pit.execute('hold', { gate: gate.path })
  await gate.entered()
  return { pit, gate, busy }
}

/** What was left is really over. */
async function settled(pit: Snakepit): Promise<void> {
  await eventually(() => pit.stats().running === 0, 'the last lease to come back')
}

function said(state: PoolState): string {
  return state.type === 'running' ? `running ${state.ready}/${state.size}` : state.type
}

function last(states: readonly PoolState[]): string {
  const state = states.at(-1)
  return state ? said(state) : ''
}

test.run()
