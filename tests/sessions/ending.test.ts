// How sessions end: by their program, by their time to live, by their worker; and what Python is told.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Snakepit } from '../../src/index.js'
import { failsWith } from '../support/errors.js'
import { Gate } from '../support/gate.js'
import { Ledger } from '../support/ledger.js'
import { adapterOf, openOne } from '../support/pit.js'

const adapter = adapterOf(import.meta.url, 'keeper.py')
const ledger = new Ledger()
const pit = await Snakepit.open({ adapter, size: 2, affinity: 'strict_queue', env: ledger.env, drain: 0 })
await pit.ready()
test.after(() => pit.close())

test('SESSION-05: `end()` tells the adapter, with the state that is freed', async () => {
  const session = pit.session('ended')
  await session.execute('put', { key: 'model', value: 1 })
  await session.end()
  assert.equal(await ledger.has('end ended '), ["end ended ended ['model']"])
  assert.is(pit.stats().sessions, 0)
})

test('SESSION-05: every worker that served a session is told of its end', async () => {
  const session = pit.session('visitor', { affinity: 'hint' })
  const home = await session.execute('put', { key: 'at', value: 'home' })
  const gate = new Gate()
  const busy = session.execute('hold', { gate: gate.path })
  await gate.entered()
  assert.is.not(await session.execute('put', { key: 'away', value: 1 }), home)
  gate.open()
  await busy
  await session.end()
  const ends = await ledger.has('end visitor ', 2)
  assert.equal(ends.sort(), ["end visitor ended ['at']", "end visitor ended ['away']"])
})

test('SESSION-05: a session that is over says so, whatever is asked of it', async () => {
  const session = pit.session('over')
  await session.execute('whoami')
  const stream = session.stream('whoami')
  await session.end()
  const said = /session 'over' has ended/
  const error = await failsWith(session.execute('whoami'), 'session_ended', said)
  assert.equal([error.category, error.mayHaveRun, error.details.reason], ['pool', false, 'ended'])
  await failsWith(session.end(), 'session_ended', said)
  await failsWith(stream[Symbol.asyncIterator]().next(), 'session_ended', said)
  assert.throws(() => session.touch(), said)
  assert.throws(() => session.renew(), said)
})

test('SESSION-05: the same id begins anew, with a state of its own', async () => {
  const first = pit.session('again')
  await first.execute('put', { key: 'k', value: 1 })
  await first.end()
  const second = pit.session('again')
  assert.is.not(second, first)
  assert.is(await second.execute('get', { key: 'k' }), null)
  await failsWith(first.execute('whoami'), 'session_ended')
  assert.is(await second.execute('grow'), 1)
})

test('SESSION-05: a session that was never called can be ended, and begins anew like any other', async () => {
  const first = pit.session('never called')
  await first.end()
  await failsWith(first.end(), 'session_ended')
  const second = pit.session('never called')
  assert.is(await second.execute('grow'), 1)
  await second.end()
})

test('SESSION-05: ends while it runs and waits: what runs finishes, what waits is refused, then Python is told', async () => {
  const session = pit.session('in the middle')
  const gate = new Gate()
  const running = session.execute('hold', { gate: gate.path })
  await gate.entered()
  const waiting = [1, 2, 3].map(() => failsWith(session.execute('grow'), 'session_ended', /was ended while it waited/))
  await session.end()
  await Promise.all(waiting)
  assert.equal(ledger.lines('end in the middle'), [])
  gate.open()
  assert.type(await running, 'number')
  assert.equal(await ledger.has('end in the middle'), ['end in the middle ended []'])
})

test('SESSION-05: a session begun anew while the old one still runs has nothing of it', async () => {
  const old = pit.session('twin')
  await old.execute('put', { key: 'k', value: 'old' })
  const gate = new Gate()
  const running = old.execute('hold', { gate: gate.path })
  await gate.entered()
  await old.end()
  const anew = pit.session('twin')
  assert.is(await anew.execute('get', { key: 'k' }), null)
  gate.open()
  await running
  await ledger.has("end twin ended ['k']")
})

test('SESSION-05: without a call it expires: the adapter is told, its calls are refused, the id begins anew', async () => {
  const session = pit.session('short', { ttl: 60 })
  await session.execute('put', { key: 'k', value: 1 })
  assert.equal(await ledger.has('end short'), ["end short expired ['k']"])
  const error = await failsWith(session.execute('whoami'), 'session_ended', /session 'short' has expired/)
  assert.is(error.details.reason, 'expired')
  assert.is(await pit.session('short').execute('get', { key: 'k' }), null)
})

test('SESSION-05: the time to live slides with each call and with `touch()`, and a running call holds it', async () => {
  const ttl = 300
  const [called, touched, held] = ['called', 'touched', 'held'].map((id) => pit.session(id, { ttl }))
  assert.ok(called && touched && held)
  await Promise.all([called.execute('grow'), touched.execute('grow'), held.execute('grow')])
  const gate = new Gate()
  const running = held.execute('hold', { gate: gate.path })
  await gate.entered()
  const end = performance.now() + 3 * ttl
  let calls = 1
  while (performance.now() < end) {
    await called.execute('grow', {}, { affinity: 'hint' })
    calls++
    touched.touch()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.ok(calls > 5)
  assert.equal(ledger.lines('end called').concat(ledger.lines('end touched'), ledger.lines('end held')), [])
  gate.open()
  await running
  await ledger.has('end held expired')
  await ledger.has('end called expired')
  await ledger.has('end touched expired')
})

test("SESSION-05: the pool's `sessionTtl` holds for sessions that say nothing", async () => {
  const own = new Ledger()
  await using brief = await openOne(adapter, { sessionTtl: 50, env: own.env })
  await brief.execute('grow', {}, { session: 'by id' })
  const forever = brief.session('forever', { ttl: Number.POSITIVE_INFINITY })
  await forever.execute('grow')
  await own.has('end by id expired')
  assert.is(await forever.execute('grow'), 2)
})

test('SESSION-05: the quota refuses one more, keeps those there are, and has room when one ends', async () => {
  await using few = await openOne(adapter, { maxSessions: 3, env: ledger.env })
  const sessions = [0, 1, 2].map((number) => few.session(`quota-${number}`))
  await Promise.all(sessions.map((session) => session.execute('grow')))
  const more = few.session('one too many')
  const error = await failsWith(
    more.execute('grow'),
    'session_quota_exceeded',
    /'one too many' was refused: 3 sessions are open already \(`maxSessions`\)/,
  )
  assert.equal([error.mayHaveRun, error.details.maxSessions], [false, 3])
  assert.equal(ledger.lines('start one too many'), [])
  assert.equal(await Promise.all(sessions.map((session) => session.execute('grow'))), [2, 2, 2])
  await sessions[0]?.end()
  assert.is(await more.execute('grow'), 1)
})

test('SESSION-05: when a worker is stopped, its adapter is told of every session', async () => {
  const own = new Ledger()
  const other = await openOne(adapter, { env: own.env })
  for (const id of ['left-1', 'left-2']) await other.session(id).execute('grow')
  await other.close()
  assert.equal(own.lines('end').sort(), [
    "end left-1 worker_stopping ['count']",
    "end left-2 worker_stopping ['count']",
  ])
  await failsWith(other.session('left-1').execute('grow'), 'pool_closed')
})

test('SESSION-05: a thousand sessions that come and go leave nothing', async () => {
  const before = pit.stats().sessions
  const ids = Array.from({ length: 1000 }, (_, index) => `crowd-${index}`)
  await Promise.all(ids.map((id) => pit.session(id).execute('grow')))
  await Promise.all(ids.map((id) => pit.session(id).end()))
  await ledger.has('end crowd-', 1000)
  assert.is(pit.stats().sessions, before)
})

test.run()
