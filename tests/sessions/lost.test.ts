// A session whose worker is gone: `onLost` builds its state again, and nobody sees it half built.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type SessionLoss, type SessionOptions, Snakepit } from '../../src/index.js'
import { deferred } from '../support/deferred.js'
import { failsWith } from '../support/errors.js'
import { nothingEscaped } from '../support/escaped.js'
import { collectGarbage } from '../support/garbage.js'
import { Ledger } from '../support/ledger.js'
import { adapterOf, openOne } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { quiet, within } from '../support/within.js'

const adapter = adapterOf(import.meta.url, 'keeper.py')
const ledger = new Ledger()
const pit = await Snakepit.open({
  adapter,
  size: 2,
  affinity: 'strict_queue',
  env: ledger.env,
  restart: { backoff: 0, maxCrashes: 1000 },
  barrier: false,
  drain: 0,
})
await pit.ready()
test.after(() => pit.close())

test('SESSION-07: `onLost` is told once which worker went and why, and calls go on', async () => {
  const losses: SessionLoss[] = []
  const session = pit.session('rebuilt', {
    onLost: async (calls, loss) => {
      losses.push(loss)
      await calls.execute('put', { key: 'model', value: 'again' })
    },
  })
  await session.execute('put', { key: 'model', value: 'first' })
  const { worker } = await session.execute<{ worker: string }>('about')
  await failsWith(session.execute('dies'), 'worker_crashed')
  assert.is(await session.execute('get', { key: 'model' }), 'again')
  assert.equal(losses, [{ session: 'rebuilt', worker, because: 'crashed' }])
})

test('SESSION-07: calls and streams that come meanwhile wait for it, whether awaited or not', async () => {
  const { session, go, begun } = stalled('waits for it')
  await session.execute('grow')
  await failsWith(session.execute('dies'), 'worker_crashed')
  await begun
  const call = session.execute('get', { key: 'ready' })
  const byId = pit.execute('get', { key: 'ready' }, { session: session.id })
  const cancelled = new AbortController()
  const left = reasonOf(session.execute('get', { key: 'ready' }, cancelled))
  const timedOut = failsWith(session.execute('grow', {}, { timeout: 30 }), 'timeout')
  cancelled.abort('no more')
  assert.is(await left, 'no more')
  await timedOut
  go.resolve()
  assert.equal(await Promise.all([call, byId]), [true, true])
  assert.is(await session.execute('grow'), 1)
})

test('SESSION-07: with `hint`, too, nobody overtakes the hook', async () => {
  const { session, go, begun } = stalled('hinted', { affinity: 'hint' })
  await session.execute('grow')
  await failsWith(session.execute('dies'), 'worker_crashed')
  await begun
  const call = session.execute('get', { key: 'ready' })
  go.resolve()
  assert.is(await call, true)
})

test('SESSION-07: a hook that fails: those who waited are told, with its error; renewing begins anew', async () => {
  const own = new Error('the weights are gone')
  const failing = deferred()
  const session = pit.session('fails', { onLost: () => failing.promise })
  await session.execute('grow')
  await failsWith(session.execute('dies'), 'worker_crashed')
  const waiting = failsWith(
    session.execute('grow'),
    'session_worker_unavailable',
    /session 'fails' lost worker default-\d, and `onLost` could not build its state again: the weights are gone/,
  )
  failing.reject(own)
  const error = await waiting
  assert.is(error.cause, own)
  assert.is(error.mayHaveRun, false)
  assert.is(await session.execute('grow'), 1)
})

for (const thrown of ['a text', undefined, null, { not: 'an error' }]) {
  test(`SESSION-07: a hook that throws at once, whatever it throws: ${JSON.stringify(thrown)}`, async () => {
    const session = pit.session('throws', {
      onLost: () => {
        throw thrown
      },
    })
    await session.execute('grow')
    await failsWith(session.execute('dies'), 'worker_crashed')
    await reasonOf(session.execute('dies'))
    await nothingEscaped()
    await session.end()
  })
}

test('SESSION-07: the worker dies again while the hook builds: the hook runs again', async () => {
  let losses = 0
  const session = pit.session('twice', {
    onLost: async (calls) => {
      losses++
      await calls.execute(losses === 1 ? 'dies' : 'put', losses === 1 ? {} : { key: 'k', value: losses })
    },
  })
  await session.execute('grow')
  await failsWith(session.execute('dies'), 'worker_crashed')
  const value = await within(eventualValue(), 'the value', 5000)
  assert.equal([value, losses], [2, 2])

  async function eventualValue(): Promise<unknown> {
    for (;;) {
      const value = await session.execute('get', { key: 'k' }).catch(() => undefined)
      if (value !== undefined) return value
    }
  }
})

test('SESSION-07: not told when the pool is closed, or when the session is over', async () => {
  const told: string[] = []
  const other = await openOne(adapter, { env: ledger.env })
  const onLost = (_: unknown, { session }: SessionLoss) => void told.push(session)
  await other.session('at the close', { affinity: 'strict_queue', onLost }).execute('grow')
  await other.close()
  const ended = pit.session('over', { onLost })
  await ended.execute('grow')
  const dying = failsWith(ended.execute('dies'), 'worker_crashed')
  await ended.end()
  await dying
  await quiet()
  assert.equal(told, [])
})

test('SESSION-07: ended while the hook builds: those who waited are refused, and the id begins anew', async () => {
  const { session, go, begun } = stalled('ends meanwhile')
  await session.execute('grow')
  await failsWith(session.execute('dies'), 'worker_crashed')
  await begun
  const waiting = failsWith(session.execute('grow'), 'session_ended')
  await session.end()
  go.resolve()
  await waiting
  assert.is(await pit.session('ends meanwhile').execute('grow'), 1)
  assert.is(pit.session('ends meanwhile').id, 'ends meanwhile')
})

test('SESSION-07: sessions of other workers do not notice', async () => {
  const told: string[] = []
  const onLost = (_: unknown, { session }: SessionLoss) => void told.push(session)
  const sessions = Array.from({ length: 8 }, (_, index) => pit.session(`neighbour-${index}`, { onLost }))
  const pids = await Promise.all(sessions.map((session) => session.execute<number>('whoami')))
  await failsWith((sessions[0] as (typeof sessions)[0]).execute('dies'), 'worker_crashed')
  const after = await Promise.all(sessions.map((session) => session.execute<number>('whoami')))
  const struck = sessions.filter((_, index) => pids[index] === pids[0]).map(({ id }) => id)
  assert.equal(told.sort(), struck)
  for (const [index, pid] of pids.entries()) if (pid !== pids[0]) assert.is(after[index], pid)
})

for (const [way, rebuild] of [
  ['by the id of the session', (id: string) => pit.execute('put', { key: 'k', value: 'again' }, { session: id })],
  ['by the session itself', (id: string) => pit.session(id).execute('put', { key: 'k', value: 'again' })],
  [
    'far from the hook, after a turn of the event loop',
    async (id: string) => {
      await quiet(2)
      await Promise.all([1, 2].map(() => pit.execute('put', { key: 'k', value: 'again' }, { session: id })))
    },
  ],
] as const) {
  test(`SESSION-07: the hook may call ${way}, while others wait for it`, async () => {
    const begun = deferred()
    const go = deferred()
    const id = `inner ${way}`
    const session = pit.session(id, {
      onLost: async () => {
        begun.resolve()
        await go.promise
        await rebuild(id)
      },
    })
    await session.execute('grow')
    await failsWith(session.execute('dies'), 'worker_crashed')
    await within(begun.promise, 'the hook')
    const outer = Promise.all([session.execute('get', { key: 'k' }), pit.execute('get', { key: 'k' }, { session: id })])
    go.resolve()
    assert.equal(await within(outer, 'the calls that waited'), ['again', 'again'])
  })
}

test('SESSION-07: what a hook has left running waits like everybody else when the session is lost again', async () => {
  let losses = 0
  const [leave, left] = [deferred(), deferred<unknown>()]
  const [begun, go] = [deferred(), deferred()]
  const session = pit.session('left running', {
    onLost: async (calls) => {
      if (++losses === 1) {
        void leave.promise.then(() => left.resolve(pit.execute('get', { key: 'k' }, { session: 'left running' })))
        return
      }
      begun.resolve()
      await go.promise
      await calls.execute('put', { key: 'k', value: losses })
    },
  })
  await session.execute('grow')
  await failsWith(session.execute('dies'), 'worker_crashed')
  await failsWith(session.execute('dies'), 'worker_crashed')
  await within(begun.promise, 'the second hook')
  leave.resolve()
  await quiet()
  go.resolve()
  assert.is(await within(left.promise, 'its call'), 2)
})

test('SESSION-07: the hook is told though nobody holds the session, and its first call came by its id', async () => {
  const told: string[] = []
  // In a function of its own: nothing of it is left on the stack.
  const ask = (id: string) => {
    pit.session(id, { onLost: (_, { session }) => void told.push(session), metadata: { plan: 'pro' } })
  }
  const collected = async () => {
    for (let round = 0; round < 5; round++) {
      await quiet()
      collectGarbage()
    }
  }
  ask('dropped')
  await collected()
  await pit.execute('grow', {}, { session: 'dropped' })
  // A hook for a session that a call has begun before anybody asked for it.
  await pit.execute('grow', {}, { session: 'begun before' })
  ask('begun before')
  await collected()
  for (const session of ['dropped', 'begun before']) {
    await failsWith(pit.execute('dies', {}, { session }), 'worker_crashed')
    await within(pit.execute('get', { key: 'k' }, { session }), 'a call behind the hook')
  }
  assert.equal(told.filter((id, index) => told.indexOf(id) === index).sort(), ['begun before', 'dropped'])
})

/** A session whose hook has begun, and goes on when it may. */
function stalled(id: string, options: SessionOptions = {}) {
  const [begun, go] = [deferred(), deferred()]
  const session = pit.session(id, {
    ...options,
    onLost: async (calls) => {
      begun.resolve()
      await go.promise
      await calls.execute('put', { key: 'ready', value: true })
    },
  })
  return { session, go, begun: within(begun.promise, 'the hook') }
}

test.run()
