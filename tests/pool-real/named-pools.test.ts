// Several pools in one Snakepit: each with what is its own, and one that cannot start takes the others along.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Snakepit, type SnakepitOptions } from '../../src/index.js'
import { failsWith } from '../support/errors.js'
import { Gate } from '../support/gate.js'
import { Ledger } from '../support/ledger.js'
import { adapterOf } from '../support/pit.js'
import { allGone, descendantsOf, startedSince } from '../support/processes.js'

const adapter = (name: string) => adapterOf(import.meta.url, name)
const ledger = new Ledger()
const before = descendantsOf(process.pid)

test('API-08: each pool has its own adapter, size, environment and limits; the rest is common', async () => {
  await using pit = await Snakepit.open({
    adapter: adapter('desk.py'),
    env: { ...ledger.env, WHERE: 'common' },
    size: 1,
    drain: 0,
    pools: {
      cpu: {},
      gpu: { env: { ...ledger.env, WHERE: 'gpu' }, size: 2, maxQueue: 0 },
      other: { adapter: adapter('other.py') },
    },
  })
  await pit.ready()
  assert.equal(
    pit
      .workers()
      .map(({ id }) => id)
      .sort(),
    ['cpu-0', 'gpu-0', 'gpu-1', 'other-0'],
  )
  assert.is(pit.workers('gpu').length, 2)
  assert.is(await pit.execute('environment', { name: 'WHERE' }), 'common')
  assert.is(await pit.execute('environment', { name: 'WHERE' }, { pool: 'gpu' }), 'gpu')
  assert.is(await pit.execute('only_here', {}, { pool: 'other' }), pit.workers('other')[0]?.info()?.pid)
  await failsWith(pit.execute('only_here'), 'tool_not_found')
  await failsWith(pit.execute('whoami', {}, { pool: 'other' }), 'tool_not_found')
  const pids = await Promise.all([1, 2].map(() => pit.execute('whoami', {}, { pool: 'gpu' })))
  assert.equal(
    pids.sort(),
    pit
      .workers('gpu')
      .map((worker) => worker.info()?.pid)
      .sort(),
  )
  for await (const value of pit.stream('ran_stream', { name: 'gpu', n: 1 }, { pool: 'gpu' }).values()) {
    assert.ok(value === 0 || value === null)
  }
  assert.equal([pit.stats().submitted, pit.stats('gpu').submitted, pit.stats('other').submitted], [2, 4, 2])
})

test('API-08: a pool that is full or busy is nothing to the others', async () => {
  await using pit = await Snakepit.open({
    adapter: adapter('desk.py'),
    env: ledger.env,
    size: 1,
    drain: 0,
    pools: { one: { maxQueue: 0 }, other: {} },
  })
  const gate = new Gate()
  const busy = pit.execute('hold', { gate: gate.path })
  await gate.entered()
  await failsWith(pit.execute('whoami'), 'pool_saturated')
  assert.type(await pit.execute('whoami', {}, { pool: 'other' }), 'number')
  gate.open()
  await busy
})

test("API-08, API-01: one pool cannot start: that pool's own error, the others are stopped, nothing is left", async () => {
  const opening = Snakepit.open({
    env: ledger.env,
    pools: {
      good: { adapter: adapter('desk.py'), size: 2 },
      bad: { adapter: adapter('unstartable.py'), size: 1 },
    },
  })
  const error = await failsWith(
    opening,
    'worker_start_failed',
    /unstartable\.py' could not be loaded: RuntimeError: the licence has run out/,
  )
  assert.match(String(error.details.worker), /^bad-0/)
  assert.equal(startedSince(before), [])
  await allGone(
    ledger.lines('up ').map((line) => Number(line.slice(3))),
    0,
  )
})

test('API-08, API-01: the pool that cannot start is heard at once, though another one takes its time', async () => {
  const gate = new Gate()
  const opening = Snakepit.open({
    pools: {
      slow: { adapter: adapter('desk.py'), size: 1, env: { ...ledger.env, START_GATE: gate.path } },
      bad: { adapter: adapter('unstartable.py'), size: 1 },
    },
  })
  await failsWith(opening, 'worker_start_failed', /licence has run out/)
  assert.equal(startedSince(before), [])
})

const wrong: [string, Partial<SnakepitOptions>, RegExp][] = [
  ['no pools', { pools: {} }, /`pools` to be an object with at least one pool, got an object/],
  ['pools that are none', { pools: { a: 4 as never } }, /`pools\.a` to be an object, got 4/],
  ['a name that is none', { pools: { 'a b': {} } }, /pool 'a b': .*`name` to be 1 to 64 letters/],
  [
    'a mistake in one',
    { pools: { a: {}, b: { size: 0 } } },
    /^pool 'b': expected `size` to be an integer from 1 up, got 0/,
  ],
  ['an unknown option', { pools: { b: { sise: 1 } as never } }, /pool 'b'.*did you mean 'size'\?/],
  ['no adapter', { adapter: undefined as never, pools: { a: {} } }, /pool 'a': expected `adapter`/],
]
for (const [what, options, message] of wrong) {
  test(`API-08, API-13: refused, naming the pool: ${what}`, async () => {
    await failsWith(Snakepit.open({ adapter: adapter('desk.py'), ...options }), 'invalid_option', message)
    assert.equal(startedSince(before), [])
  })
}

const sizes: [Partial<SnakepitOptions>, RegExp][] = [
  [{ minSize: 3, maxSize: 2 }, /`maxSize` to be `minSize` \(3\) at least, got 2/],
  [{ size: 1, minSize: 2 }, /`size` to be `minSize` \(2\) at least, got 1/],
  [{ size: 5, maxSize: 4 }, /`size` to be `maxSize` \(4\) at most, got 5/],
  [{ minSize: 2 }, /`maxSize` to be given with `minSize`, unless `size` is, got undefined/],
  [{ maxSize: 2 }, /`minSize` to be given with `maxSize`, unless `size` is, got undefined/],
  [{ minSize: 0, maxSize: 2 }, /`minSize` to be an integer from 1 up, got 0/],
  [{ size: 2, minSize: 1, maxSize: 1.5 }, /`maxSize` to be an integer from 1 up, got 1.5/],
]
for (const [options, message] of sizes) {
  test(`POOL-05, API-13: sizes that contradict each other: ${JSON.stringify(options)}`, async () => {
    await failsWith(Snakepit.open({ adapter: adapter('desk.py'), ...options }), 'invalid_option', message)
  })
}

test.run()
