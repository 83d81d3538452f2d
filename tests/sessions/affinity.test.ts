// How closely a session keeps to its worker: free, busy and gone, and whose word counts.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Affinity, type CallOptions, type SessionOptions, Snakepit } from '../../src/index.js'
import { failsWith } from '../support/errors.js'
import { Gate } from '../support/gate.js'
import { Ledger } from '../support/ledger.js'
import { adapterOf } from '../support/pit.js'

const adapter = adapterOf(import.meta.url, 'keeper.py')
const ledger = new Ledger()
const common = {
  adapter,
  size: 2,
  env: ledger.env,
  drain: 0,
  restart: { backoff: 0, maxCrashes: 1000 },
  barrier: false,
} as const
const pit = await Snakepit.open({ ...common, pools: { hint: {}, strict: { affinity: 'strict_fail_fast' } } })
await pit.ready()
test.after(() => pit.close())
const words: readonly Affinity[] = ['hint', 'strict_queue', 'strict_fail_fast']
let named = 0

for (const affinity of words) {
  test(`SESSION-0${words.indexOf(affinity) + 1}: ${affinity}: runs on its worker whenever that is free`, async () => {
    const session = pit.session(`free-${affinity}`, { affinity })
    const home = await session.execute<number>('put', { key: 'k', value: 1 })
    for (let call = 0; call < 20; call++) assert.is(await session.execute('whoami'), home)
  })
}

test('SESSION-01: hint: runs elsewhere while its worker is busy, and comes back', async () => {
  const { session, home, gate, busy } = await boundAndBusy('hint')
  assert.is.not(await session.execute('whoami'), home)
  gate.open()
  assert.is(await busy, home)
  assert.is(await session.execute('whoami'), home)
})

test('SESSION-01: hint: waits when nobody is free', async () => {
  const { session, gate, busy } = await boundAndBusy('hint')
  const other = new Gate()
  const alsoBusy = pit.execute('hold', { gate: other.path })
  await other.entered()
  const waiting = session.execute<number>('whoami')
  assert.is(pit.stats().queued, 1)
  other.open()
  assert.is(await waiting, await alsoBusy)
  gate.open()
  await busy
})

test('SESSION-02: strict_queue: waits for its worker though another is free', async () => {
  const { session, home, gate, busy } = await boundAndBusy('strict_queue')
  const waiting = Promise.all([session.execute('whoami'), session.execute('whoami')])
  assert.is.not(await pit.execute('whoami'), home)
  assert.is(pit.stats().queued, 2)
  gate.open()
  assert.equal(await waiting, [home, home])
  await busy
})

test('SESSION-03: strict_fail_fast: `worker_busy` at once, naming worker and session', async () => {
  const { session, home, gate, busy } = await boundAndBusy('strict_fail_fast')
  const error = await failsWith(session.execute('whoami'), 'worker_busy', /hint-\d of session 'busy-\d+' is busy/)
  assert.is(error.mayHaveRun, false)
  const stream = session.stream('whoami')
  await failsWith(stream[Symbol.asyncIterator]().next(), 'worker_busy')
  gate.open()
  assert.is(await busy, home)
  assert.is(await session.execute('whoami'), home)
})

for (const affinity of ['strict_queue', 'strict_fail_fast'] as const) {
  test(`SESSION-0${words.indexOf(affinity) + 1}: ${affinity}: refused when its worker is gone, until renewed`, async () => {
    const session = pit.session(`gone-${affinity}`, { affinity })
    const home = await session.execute<number>('put', { key: 'k', value: 1 })
    await failsWith(session.execute('dies'), 'worker_crashed')
    const error = await failsWith(
      session.execute('whoami'),
      'session_worker_unavailable',
      /'gone-strict_.*' lost its state, its worker hint-\d crashed/,
    )
    assert.equal([error.mayHaveRun, error.details.reason], [false, 'crashed'])
    session.renew()
    assert.is(await session.execute('get', { key: 'k' }), null)
    assert.is.not(await session.execute('whoami'), home)
  })
}

test('SESSION-02: calls that wait for a worker that dies are refused, not run elsewhere', async () => {
  const session = pit.session('dies-in-front', { affinity: 'strict_queue' })
  await session.execute('whoami')
  const gate = new Gate()
  const busy = session.execute('hold', { gate: gate.path })
  await gate.entered()
  const dying = failsWith(session.execute('dies'), 'worker_crashed')
  const waiting = Array.from({ length: 5 }, () => failsWith(session.execute('grow'), 'session_worker_unavailable'))
  gate.open()
  await Promise.all([busy, dying, ...waiting])
})

test('SESSION-01: hint: begins anew on another worker when its own is gone', async () => {
  const session = pit.session('moves', { affinity: 'hint' })
  const home = await session.execute<number>('put', { key: 'k', value: 1 })
  await failsWith(session.execute('dies'), 'worker_crashed')
  assert.is(await session.execute('get', { key: 'k' }), null)
  assert.is.not(await session.execute('whoami'), home)
})

const resolution: [string, SessionOptions, CallOptions['affinity'], 'runs elsewhere' | 'waits' | 'worker_busy'][] = [
  ["the pool's", {}, undefined, 'runs elsewhere'],
  ["the pool's, where it says so", { pool: 'strict' }, undefined, 'worker_busy'],
  ["the session's over the pool's", { affinity: 'strict_fail_fast' }, undefined, 'worker_busy'],
  ["the session's over a strict pool's", { affinity: 'hint', pool: 'strict' }, undefined, 'runs elsewhere'],
  ["the call's over the session's", { affinity: 'strict_fail_fast' }, 'strict_queue', 'waits'],
  ["the call's over the pool's", {}, 'strict_fail_fast', 'worker_busy'],
  ["the call's over both", { affinity: 'strict_queue', pool: 'strict' }, 'hint', 'runs elsewhere'],
]
for (const [word, options, affinity, outcome] of resolution) {
  test(`SESSION-04: the nearest word wins: ${word}: ${outcome}`, async () => {
    const { session, home, gate, busy } = await boundAndBusy(undefined, options)
    const call = session.execute<number>('whoami', {}, { affinity })
    if (outcome === 'worker_busy') await failsWith(call, 'worker_busy')
    if (outcome === 'runs elsewhere') assert.is.not(await call, home)
    if (outcome === 'waits') assert.is(pit.stats(options.pool).queued, 1)
    gate.open()
    await busy
    if (outcome === 'waits') assert.is(await call, home)
  })
}

/** A session whose worker runs a call of it, until the gate opens. */
async function boundAndBusy(affinity: Affinity | undefined, options: SessionOptions = {}) {
  const session = pit.session(`busy-${named++}`, { affinity, ...options })
  const home = await session.execute<number>('whoami')
  const gate = new Gate()
  const busy = session.execute<number>('hold', { gate: gate.path })
  await gate.entered()
  return { session, home, gate, busy }
}

test.run()
