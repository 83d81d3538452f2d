// What a call names besides its arguments: metadata, sessions, signals, times. Refused by name, or harmless.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { SnakepitError } from '../../src/index.js'
import { failsWith, isCoded } from '../support/errors.js'
import { nothingEscaped } from '../support/escaped.js'
import { adapterOf, openOne } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { within } from '../support/within.js'
import { sparesTheWorker } from './harmless.js'

const pit = await openOne(adapterOf(import.meta.url, 'plain.py'), { maxQueue: 30_000 })
test.after(() => pit.close())
test.after.each(nothingEscaped)

const refuse = (): never => {
  throw new Error('no')
}
const throwing = new Proxy({}, { ownKeys: refuse, get: refuse, getPrototypeOf: refuse, has: refuse })

test('API-13: metadata: tens of kilobytes, thousands of members, and control characters are handed on', async () => {
  const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`k${index}`, 'v']))
  for (const metadata of [{ a: 'x'.repeat(65_000) }, many, { 'a\0\n': 'b\r\u202e' }]) {
    assert.equal((await pit.execute<{ metadata: object }>('about', {}, { metadata })).metadata, metadata)
  }
})

// A frame above what gRPC passes would end the worker, and with it the calls of others.
for (const [what, call] of Object.entries({
  'of a call': () => pit.execute('whoami', {}, { metadata: { a: 'x'.repeat(20_000_000) } }),
  'of a session': async () => pit.session('heavy', { metadata: { a: 'x'.repeat(20_000_000) } }).execute('whoami'),
})) {
  test(`SEC-03: metadata ${what} that is too large is refused by name, and harms no other call`, async () => {
    isCoded(await sparesTheWorker(pit, () => reasonOf(call())), 'invalid_option', /`metadata`/)
  })
}

// A Map has no members of its own and would be dropped; half a character would arrive as another one.
for (const [what, metadata] of Object.entries({ 'a Map': new Map([['a', 'b']]), 'no Unicode': { a: '\ud800' } })) {
  test(`API-13: metadata that is ${what} is refused`, async () => {
    await failsWith(pit.execute('about', {}, { metadata: metadata as never }), 'invalid_option', /metadata/)
  })
}

// Protobuf would make the same text of all of them, and the sessions would share their state.
test('API-13, SESSION-04: session ids that are no Unicode are refused', async () => {
  for (const session of ['\ud800', 'a\udc00']) {
    await failsWith(pit.execute('count_in_session', {}, { session }), 'invalid_option', /`session`/)
  }
})

test('SESSION-05, SEC-03: far more sessions than the quota: each one above it is refused, and the pool serves on', async () => {
  await using small = await openOne(adapterOf(import.meta.url, 'plain.py'), { maxSessions: 10, maxQueue: 30_000 })
  const calls = Array.from({ length: 5000 }, (_, index) => small.execute('whoami', {}, { session: `s-${index}` }))
  const outcomes = await within(Promise.allSettled(calls), 'the end of every call', 20_000)
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason.code)
  assert.is(refused.length, 4990)
  assert.equal([...new Set(refused)], ['session_quota_exceeded'])
  assert.is(typeof (await small.execute('whoami')), 'number')
})

const reasons: [string, unknown][] = [
  ['null', null],
  ['a text', 'enough'],
  ['zero', 0],
  ['frozen', Object.freeze(new Error('frozen'))],
  ['a proxy that throws', throwing],
]
for (const [what, reason] of reasons) {
  test(`ERR-03: a signal whose reason is ${what} rejects with it, before, at and during the call`, async () => {
    await sparesTheWorker(pit, async () => {
      const aborted = AbortSignal.abort(reason)
      await rejectsWith(pit.execute('waits', {}, { signal: aborted }), reason)
      const controller = new AbortController()
      const call = pit.execute('waits', {}, controller)
      const stream = pit.stream('numbers', { n: 1 << 30 }, controller)[Symbol.asyncIterator]()
      const next = stream.next()
      controller.abort(reason)
      controller.abort('again')
      await rejectsWith(call, reason)
      await rejectsWith(next, reason)
      assert.equal(await stream.next(), { done: true, value: undefined })
    })
  })
}

test('ERR-03: a signal that is aborted without a reason rejects with an AbortError', async () => {
  const controller = new AbortController()
  const call = pit.execute('waits', {}, controller)
  controller.abort(undefined)
  assert.is(((await reasonOf(call)) as Error).name, 'AbortError')
})

test('API-06, POOL-03, guarantee:G33: one signal ends twenty thousand calls at once', async () => {
  const controller = new AbortController()
  const calls = Array.from({ length: 20_000 }, () => pit.execute('waits', {}, controller))
  const reason = new Error('all of you')
  controller.abort(reason)
  const outcomes = await within(Promise.allSettled(calls), 'the end of every call')
  assert.ok(outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason === reason))
  assert.is(typeof (await pit.execute('whoami')), 'number')
  assert.is(pit.stats().queued, 0)
})

test('API-02, CANCEL-04: a millisecond is a timeout like any other', async () => {
  await sparesTheWorker(pit, async () => {
    for (let round = 0; round < 50; round++) {
      const outcome = await pit.execute('echo', { value: 'in time' }, { timeout: 1 }).catch((error) => error.code)
      assert.ok(outcome === 'in time' || outcome === 'timeout', String(outcome))
    }
    await failsWith(pit.execute('waits', {}, { timeout: 1 }), 'timeout', /'waits' did not end within 1 ms/)
  })
})

test('API-13: an option that throws when it is read is refused, with what it threw as the cause', async () => {
  const own = new Error('mine')
  const options = Object.defineProperty({}, 'timeout', { enumerable: true, get: () => refuseWith(own) })
  const error = await failsWith(pit.execute('echo', {}, options), 'invalid_option', /an object that can be read/)
  assert.is(error.cause, own)
})

// A deadline of NaN, which no check has seen, would end the worker.
test('API-13: options that change after they were checked change nothing', async () => {
  let reads = 0
  const changing = Object.defineProperty({}, 'timeout', { enumerable: true, get: () => (reads++ ? Number.NaN : 100) })
  await sparesTheWorker(pit, async () => {
    await failsWith(pit.execute('waits', {}, changing), 'timeout')
    const options: { timeout: number; metadata?: unknown } = { timeout: 5000 }
    const stream = pit.stream('numbers', { n: 3 }, options as never)
    options.timeout = Number.NaN
    options.metadata = 5
    const iterator = stream[Symbol.asyncIterator]()
    for (let n = 0; n < 4; n++) assert.is((await iterator.next()).done, false)
    assert.is((await iterator.next()).done, true)
  })
})

test('API-06: an iterator that is left before it is read, and read by two', async () => {
  await sparesTheWorker(pit, async () => {
    const left = pit.stream('numbers', { n: 5 })[Symbol.asyncIterator]()
    assert.equal(await left.return?.(), { done: true, value: undefined })
    assert.equal(await left.next(), { done: true, value: undefined })
    const shared = pit.stream<number>('numbers', { n: 500 }).values()[Symbol.asyncIterator]()
    const seen: number[] = []
    const read = async () => {
      for (let step = await shared.next(); step.done !== true; step = await shared.next()) seen.push(step.value)
    }
    await Promise.all([read(), read()])
    assert.equal(
      seen,
      Array.from({ length: 500 }, (_, index) => index),
    )
  })
})

test('ERR-01: every refusal says what it is about in one short line', async () => {
  const refusals = [
    pit.execute('x'.repeat(65_000)),
    pit.execute('echo\n'),
    pit.execute('whoami', {}, { pool: 'p'.repeat(1_000_000) }),
    pit.execute('whoami', {}, { ['o'.repeat(1_000_000)]: 1 } as never),
    pit.execute('whoami', {}, { 'two\nlines': 1 } as never),
    pit.execute('whoami', {}, { timeout: 't'.repeat(1_000_000) as never }),
  ]
  for (const error of (await Promise.all(refusals.map(reasonOf))) as SnakepitError[]) {
    assert.is(error.category, 'validation')
    assert.ok(error.message.length < 600, `${error.message.length} characters`)
    assert.not.match(error.message, /\n/)
  }
})

/** A reason may be anything, also what no promise may resolve with. */
async function rejectsWith(promise: Promise<unknown>, reason: unknown): Promise<void> {
  const [outcome] = await within(Promise.allSettled([promise]), 'the rejection')
  assert.is(outcome.status, 'rejected')
  if (outcome.status === 'rejected') assert.ok(Object.is(outcome.reason, reason))
}

function refuseWith(error: Error): never {
  throw error
}

test.run()
