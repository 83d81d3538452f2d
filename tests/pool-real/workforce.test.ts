// Real workers come and go: in batches, with the load, and after their service, while calls go on.
import { existsSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Snakepit } from '../../src/index.js'
import { failsWith } from '../support/errors.js'
import { eventually } from '../support/eventually.js'
import { Gate } from '../support/gate.js'
import { Ledger } from '../support/ledger.js'
import { adapterOf } from '../support/pit.js'
import { allGone, isAlive } from '../support/processes.js'

const adapter = adapterOf(import.meta.url, 'desk.py')

test('POOL-05: workers start a batch at a time, and `open` resolves with the first', async () => {
  const [ledger, gate] = [new Ledger(), new Gate()]
  const env = { ...ledger.env, START_GATE: gate.path }
  const opening = Snakepit.open({ adapter, size: 5, startBatch: 2, env, drain: 0 })
  await ledger.has('up ', 2)
  assert.not.ok(existsSync(gate.path))
  assert.is(ledger.lines('up ').length, 2)
  gate.open()
  await using pit = await opening
  await pit.ready()
  assert.is(pit.stats().workers.ready, 5)
  assert.is(ledger.lines('up ').length, 5)
})

test('POOL-05: `close` while workers are still starting leaves none', async () => {
  const [ledger, gate] = [new Ledger(), new Gate()]
  const env = { ...ledger.env, START_GATE: gate.path }
  const opening = Snakepit.open({ adapter, size: 4, startBatch: 1, env })
  await ledger.has('up ', 1)
  gate.open()
  const pit = await opening
  await pit.close()
  await allGone(
    ledger.lines('up ').map((line) => Number(line.slice(3))),
    0,
  )
})

test('POOL-05: grows while calls wait, and shrinks to `minSize` when there is nothing to do', async () => {
  const ledger = new Ledger()
  await using pit = await Snakepit.open({
    adapter,
    minSize: 1,
    maxSize: 3,
    workerIdleTimeout: 100,
    env: ledger.env,
    drain: 0,
  })
  await pit.ready()
  assert.is(pit.workers().length, 1)
  const gates = Array.from({ length: 4 }, () => new Gate())
  const held = gates.map(({ path }) => pit.execute<number>('hold', { gate: path }))
  await eventually(() => pit.stats().running === 3, 'three workers')
  assert.equal([pit.workers().length, pit.stats().queued, pit.stats().scaledUp], [3, 1, 2])
  for (const gate of gates) gate.open()
  const pids = new Set(await Promise.all(held))
  assert.is(pids.size, 3)
  await eventually(() => pit.stats().scaledDown === 2 && pit.workers().length === 1, 'the way back')
  await eventually(() => [...pids].filter(isAlive).length === 1, 'the end of two processes')
  assert.is(ledger.lines('down ').length, 2)
  assert.ok(pids.has(await pit.execute<number>('whoami')))
})

test('POOL-05: with a strict session at home, a worker is not let go', async () => {
  const ledger = new Ledger()
  await using pit = await Snakepit.open({ adapter, minSize: 1, maxSize: 2, workerIdleTimeout: 50, env: ledger.env })
  await pit.ready()
  const gates = [new Gate(), new Gate()]
  const sessions = ['a', 'b'].map((id) => pit.session(id, { affinity: 'strict_queue' }))
  const held = sessions.map((session, at) => session.execute<number>('hold', { gate: gates[at]?.path }))
  await Promise.all(gates.map((gate) => gate.entered()))
  for (const gate of gates) gate.open()
  const homes = await Promise.all(held)
  const end = performance.now() + 400
  while (performance.now() < end) {
    const pids = await Promise.all(sessions.map((session) => session.execute('whoami')))
    assert.equal(pids, homes)
  }
  assert.is(pit.stats().scaledDown, 0)
  await sessions[1]?.end()
  await eventually(() => pit.stats().scaledDown === 1, 'the way back')
  assert.is(await sessions[0]?.execute('whoami'), homes[0])
})

test('FAULT-06: recycled by calls: the replacement is ready first, and no call fails', async () => {
  const ledger = new Ledger()
  await using pit = await Snakepit.open({
    adapter,
    size: 2,
    recycle: { maxCalls: 50, jitter: 0 },
    env: ledger.env,
    drain: 0,
  })
  await pit.ready()
  let least = 2
  pit.state$().subscribe((state) => {
    if (state.type === 'running') least = Math.min(least, state.ready)
  })
  const served = new Map<number, number>()
  for (let batch = 0; batch < 80 && pit.stats().recycled < 4; batch++) {
    const pids = await Promise.all(Array.from({ length: 20 }, () => pit.execute<number>('whoami')))
    for (const pid of pids) served.set(pid, (served.get(pid) ?? 0) + 1)
    await eventually(() => batch < 5 || pit.stats().workers.starting === 0, 'the replacement')
  }
  const { recycled, completed, submitted, restarts, crashes } = pit.stats()
  assert.ok(recycled >= 4, `${recycled} recycled`)
  assert.equal([completed, restarts, crashes], [submitted, 0, {}])
  assert.ok(served.size >= 4, `${served.size} processes`)
  assert.is(least, 2, 'there were fewer workers than promised')
  await eventually(() => ledger.lines('down ').length >= 3, 'the clean end of those that were replaced')
})

test('FAULT-06: a call that is running when its worker is recycled finishes there', async () => {
  const ledger = new Ledger()
  await using pit = await Snakepit.open({
    adapter,
    size: 1,
    concurrency: 2,
    recycle: { maxCalls: 3, jitter: 0 },
    env: ledger.env,
    drain: 0,
  })
  const old = await pit.execute<number>('whoami')
  const long = pit.execute('works', { steps: 40, pause: 0.05 })
  for (let call = 0; call < 2; call++) await pit.execute('whoami')
  await eventually(() => pit.stats().recycled === 1, 'the replacement')
  assert.is.not(await pit.execute('whoami'), old)
  assert.is(await long, 40)
  await allGone([old], 5000)
})

test('FAULT-06: a strict session is told that its worker was recycled', async () => {
  const ledger = new Ledger()
  const common = { adapter, size: 1, env: ledger.env, drain: 0 } as const
  await using pit = await Snakepit.open({ ...common, recycle: { maxCalls: 3, jitter: 0 } })
  const strict = pit.session('strict', { affinity: 'strict_queue' })
  const hinting = pit.session('hinting')
  const old = await strict.execute<number>('whoami')
  await hinting.execute('whoami')
  await strict.execute('whoami')
  await eventually(() => pit.stats().recycled === 1, 'the replacement')
  const error = await failsWith(strict.execute('whoami'), 'session_worker_unavailable', /default-\d was recycled/)
  assert.is(error.details.reason, 'recycled')
  assert.is.not(await hinting.execute('whoami'), old)
})

test('FAULT-06: recycled by age', async () => {
  const ledger = new Ledger()
  await using pit = await Snakepit.open({
    adapter,
    size: 1,
    recycle: { maxAge: 100, jitter: 0 },
    env: ledger.env,
    drain: 0,
  })
  const old = await pit.execute<number>('whoami')
  await eventually(() => !isAlive(old), 'the end of the old one')
  assert.is.not(await pit.execute('whoami'), old)
})

test.run()
