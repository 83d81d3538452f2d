// A session's first call binds it before it is sent, and Python knows the session from then on.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Snakepit } from '../../src/index.js'
import { Gate } from '../support/gate.js'
import { Ledger } from '../support/ledger.js'
import { adapterOf } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'

interface About {
  readonly id: string
  readonly metadata: Record<string, string>
  readonly pid: number
  readonly worker: string
}

const ledger = new Ledger()
const pit = await Snakepit.open({
  adapter: adapterOf(import.meta.url, 'keeper.py'),
  size: 3,
  affinity: 'strict_queue',
  env: ledger.env,
  drain: 0,
})
await pit.ready()
test.after(() => pit.close())

test('SESSION-04: first calls that race land on one worker', async () => {
  for (let round = 0; round < 30; round++) {
    const session = pit.session(`race-${round}`)
    const pids = await Promise.all([session.execute('whoami'), session.execute('whoami'), session.execute('whoami')])
    assert.is(new Set(pids).size, 1, `round ${round}: ${pids}`)
    assert.is(ledger.lines(`start race-${round} `).length, 1)
    await session.end()
  }
})

test('SESSION-04: a session that is bound while the pool is full is bound once', async () => {
  const gates = [new Gate(), new Gate(), new Gate()]
  const busy = gates.map(({ path }) => pit.execute('hold', { gate: path }))
  await Promise.all(gates.map((gate) => gate.entered()))
  const session = pit.session('waits-for-a-home')
  const calls = Array.from({ length: 12 }, () => session.execute<number>('whoami'))
  for (const gate of gates) gate.open()
  assert.is(new Set(await Promise.all(calls)).size, 1)
  await Promise.all(busy)
})

test('SESSION-04: calls and streams, by the session or by its id alone, share one worker', async () => {
  const session = pit.session('many-ways')
  const pid = await session.execute<number>('put', { key: 'k', value: 7 })
  assert.is(await pit.execute('whoami', {}, { session: 'many-ways' }), pid)
  assert.is(await pit.execute('get', { key: 'k' }, { session: 'many-ways' }), 7)
  assert.is(pit.session('many-ways'), session)
})

test('SESSION-01: a session that only its id is known of needs no `session()`', async () => {
  assert.is(await pit.execute('grow', {}, { session: 'ad hoc' }), 1)
  assert.is(await pit.execute('grow', {}, { session: 'ad hoc' }), 2)
})

test('SESSION-06: id, metadata and state are there in Python, and no other session sees them', async () => {
  const one = pit.session('über-1 日本', { metadata: { plan: 'pro', empty: '' } })
  const other = pit.session('other')
  const about = await one.execute<About>('about')
  assert.equal([about.id, about.metadata], ['über-1 日本', { plan: 'pro', empty: '' }])
  await one.execute('put', { key: 'secret', value: [1, { deep: true }] })
  assert.equal(await one.execute('get', { key: 'secret' }), [1, { deep: true }])
  assert.is(await other.execute('get', { key: 'secret' }), null)
  const free = await pit.execute<About>('about')
  assert.equal([free.id, free.metadata], ['', {}])
})

test('SESSION-06: a call without a session has no state, and is told so', async () => {
  assert.match(String(await reasonOf(pit.execute('grow'))), /`context\.state` belongs to a session/)
})

test('SESSION-06: the state is the same dict from call to call, in order', async () => {
  const session = pit.session('counts')
  const counts = await Promise.all(Array.from({ length: 200 }, () => session.execute<number>('grow')))
  assert.equal(
    counts,
    Array.from({ length: 200 }, (_, index) => index + 1),
  )
})

test('SESSION-05: `on_session_start` runs before the first call; when it raises, that call fails, and the next tries again', async () => {
  const session = pit.session('refused', { metadata: { refuse: 'yes' } })
  for (const attempt of [1, 2]) {
    assert.match(String(await reasonOf(session.execute('whoami'))), /no such guest/)
    assert.is(ledger.lines('start refused ').length, attempt)
  }
  await session.end()
})

test('POOL-01: sessions that begin together are spread over the workers', async () => {
  const sessions = Array.from({ length: 30 }, (_, index) => pit.session(`spread-${index}`))
  const pids = await Promise.all(sessions.map((session) => session.execute<number>('whoami')))
  const counts = [...new Set(pids)].map((pid) => pids.filter((each) => each === pid).length)
  assert.is(counts.length, 3)
  assert.ok(
    counts.every((count) => count >= 5),
    `${counts}`,
  )
})

test.run()
