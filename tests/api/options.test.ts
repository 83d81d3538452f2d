// Every option is checked before anything is started: what was expected, what came, and what was probably meant.
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type CallOptions, Snakepit, type SnakepitError } from '../../src/index.js'
import { failsWith, isCoded } from '../support/errors.js'
import { adapterOf, openOne } from '../support/pit.js'
import { descendantsOf } from '../support/processes.js'
import { thrown } from '../support/rejection.js'

const adapter = adapterOf(import.meta.url, 'calls.py')
const pit = await openOne(adapter)
test.after(() => pit.close())
const own = descendantsOf(process.pid).length

const never = Number.POSITIVE_INFINITY
const notLimits = [0, -1, Number.NaN, -never, 2 ** 31, '5', null, 5n, true]
const notLimitsFromZero = notLimits.filter((value) => value !== 0)
const each = (name: string, values: readonly unknown[]) => values.map((value) => ({ [name]: value }))
const wrongOptions: Record<string, readonly unknown[]> = {
  adapter: [
    undefined,
    null,
    4,
    '',
    '  ',
    'no-such-name',
    'a..b',
    './gone.py',
    'x\0.py',
    new URL('http://x/y.py'),
    '/tmp/',
    './adapters/',
  ],
  size: [0, -1, 1.5, '4', Number.NaN, Number.POSITIVE_INFINITY, null, [], {}],
  concurrency: [0, -1, 'two'],
  threads: [0, -1, 1.5, '4', 1025, null, true],
  maxQueue: [-1, 0.5],
  queueTimeout: notLimits,
  cancelGrace: notLimits,
  sessionTtl: notLimits,
  workerDrain: notLimitsFromZero,
  workerIdleTimeout: notLimitsFromZero,
  stopLimit: notLimitsFromZero,
  affinity: ['loose', 1, null],
  drain: notLimitsFromZero,
  timeout: notLimits,
  streamTimeout: notLimits,
  idleTimeout: notLimits,
  startTimeout: notLimits,
  window: [0, -1, 1.5, '1', null, Number.POSITIVE_INFINITY, { items: 0 }, { bytes: 0 }, { bytes: '1' }, { item: 1 }],
  transport: ['carrier-pigeon', 4, null],
  host: ['0.0.0.0', '::', '10.0.0.1', 'example.org', 5, ''],
  basePort: [-1, 65_536, 1.5, '80'],
  portRange: [0, -1, 1.5, '80'],
  cwd: ['', 4, null, '/no/such/folder', fileURLToPath(import.meta.url)],
  env: [4, null, [], { 'A=B': '1' }, { A: 1 }, { A: 'x\0y' }, { '': 'x' }],
  inheritEnv: [1, 'yes', null],
  onSetup: [1, 'x', {}],
  python: ['', 4, {}],
  requirements: [4, {}, [1], [''], 'no-such-requirements.txt'],
  restart: [4, { maxCrashes: 0 }, { jitter: 2 }, { maxCrash: 1 }, ...each('within', notLimits), { backoff: never }],
  recycle: each('maxAge', notLimits),
  barrier: each('within', notLimits),
  breaker: [...each('within', notLimits), { cooldown: never }],
  retry: [...each('maxBackoff', notLimitsFromZero), { backoff: never }],
  heartbeat: [...each('timeout', notLimits), { interval: never }],
}
for (const [name, values] of Object.entries(wrongOptions)) {
  test(`API-13: open refuses what \`${name}\` cannot be`, async () => {
    for (const value of values) {
      const opening = Snakepit.open({ adapter, [name]: value } as never)
      const error = await failsWith(opening, 'invalid_option').catch((problem: unknown) => {
        throw new Error(`${name}: ${String(value)}: ${String(problem)}`)
      })
      assert.ok(error.message.includes(name), error.message)
      assert.is(error.category, 'validation')
      assert.is(error.mayHaveRun, false)
    }
    assert.is(descendantsOf(process.pid).length, own, 'a process was started')
  })
}

test('API-13: a pause without end is refused, and the sentence says why', async () => {
  const opening = Snakepit.open({ adapter, restart: { backoff: never } })
  await failsWith(opening, 'invalid_option', /`restart\.backoff`.*a pause has to end.*got Infinity/)
})

test('API-13: what a session and the end of a pool cannot have as a limit', async () => {
  for (const value of notLimits) {
    isCoded(
      thrown(() => pit.session('limits', { ttl: value } as never)),
      'invalid_option',
      /`ttl`/,
    )
  }
  for (const value of notLimitsFromZero) {
    await failsWith((async () => pit.drain(value as never))(), 'invalid_option', /`limit`/)
    await failsWith((async () => pit.close({ drain: value } as never))(), 'invalid_option', /`drain`/)
  }
  assert.is(await pit.execute('add', { a: 1 }), 3)
})

test('API-13: `Infinity` is no limit, wherever there is one', async () => {
  const calls = { timeout: never, idleTimeout: never, queueTimeout: never }
  const opened = await Snakepit.open({
    adapter,
    size: 1,
    ...calls,
    streamTimeout: never,
    cancelGrace: never,
    startTimeout: never,
    sessionTtl: never,
    drain: never,
    workerDrain: never,
    workerIdleTimeout: never,
    stopLimit: never,
    restart: { within: never, maxBackoff: never, stableAfter: never },
    recycle: { maxAge: never },
    barrier: { within: never },
    breaker: { within: never },
    retry: { maxBackoff: never },
    heartbeat: { timeout: never },
  })
  const session = opened.session('for ever', { ttl: never })
  // Two that wait behind the first: a limit of Node's longest delay and more would be over at once.
  const waiting = [calls, {}, { idempotent: true }].map((options) => opened.execute('add', { a: 1 }, options))
  assert.equal(await Promise.all([...waiting, session.execute('add', { a: 1 })]), [3, 3, 3, 3])
  assert.is(await opened.execute('time_left', {}, calls), null)
  assert.is(await opened.drain(never), true)
  await opened.close({ drain: never })
})

test('API-13: the sentence says what was expected and what came', async () => {
  await failsWith(
    Snakepit.open({ adapter, size: '4' as never }),
    'invalid_option',
    /^expected `size` to be an integer from 1 up, got '4' \(string\)$/,
  )
  await failsWith(
    Snakepit.open({ adapter, timeout: 0 }),
    'invalid_option',
    /`timeout`.*from 1 to 2147483647, or Infinity for no limit, got 0 \(number\)/,
  )
  await failsWith(
    Snakepit.open({ adapter: './gone.py' }),
    'invalid_option',
    /'\.\/gone\.py' does not exist \(looked at \/.*gone\.py\)/,
  )
})

test('API-13: unknown options are refused with the nearest name', async () => {
  await failsWith(
    Snakepit.open({ adapter, sise: 4 } as never),
    'invalid_option',
    /unknown option 'sise'.*did you mean 'size'\?/,
  )
  await failsWith(Snakepit.open({ adapter, Timeout: 4 } as never), 'invalid_option', /did you mean 'timeout'\?/)
  await failsWith(
    Snakepit.open({ adapter, zzzzzzzzzz: 4 } as never),
    'invalid_option',
    /'zzzzzzzzzz'[\s\S]*known are 'adapter'/,
  )
})

test('API-13: options that are no options', async () => {
  for (const options of [undefined, null, 4, 'x', []]) {
    await failsWith(Snakepit.open(options as never), 'invalid_option')
  }
})

test('API-13: options may be frozen, and later changes mean nothing', async () => {
  const options = { adapter, size: 1, env: { GREETING: 'hello' } }
  const opening = Snakepit.open(options)
  options.size = 0
  options.env.GREETING = 'changed'
  await using opened = await opening
  assert.is(opened.workers().length, 1)
  await using frozen = await Snakepit.open(Object.freeze({ adapter, size: 1 }))
  assert.is(await frozen.execute('add', { a: 1 }), 3)
})

const wrongCallOptions: Record<string, readonly unknown[]> = {
  timeout: notLimits,
  idleTimeout: notLimits,
  queueTimeout: notLimits,
  signal: [null, {}, 'abort', new AbortController()],
  metadata: [null, 4, 'x', ['x'], { a: 1 }, { a: null }],
  onProgress: [null, 4, 'x'],
}
for (const [name, values] of Object.entries(wrongCallOptions)) {
  test(`API-13: calls refuse what \`${name}\` cannot be`, async () => {
    for (const value of values) {
      const options = { [name]: value } as CallOptions
      const error = await failsWith(pit.execute('add', { a: 1 }, options), 'invalid_option')
      assert.match(error.message, new RegExp(`expected \`${name}.*got `))
      isCoded(
        thrown(() => pit.stream('add', { a: 1 }, options)),
        'invalid_option',
      )
    }
  })
}

test('API-13: calls refuse unknown options with the nearest name', async () => {
  await failsWith(pit.execute('add', { a: 1 }, { timeuot: 4 } as never), 'invalid_option', /execute\(\).*'timeout'/)
  isCoded(
    thrown(() => pit.stream('add', {}, { windw: 1 } as never)),
    'invalid_option',
    /stream\(\).*'window'/,
  )
  await failsWith(pit.execute('add', { a: 1 }, { window: 1 } as never), 'invalid_option', /unknown option 'window'/)
  await failsWith(pit.execute('add', { a: 1 }, null as never), 'invalid_option', /`options` to be an object, got null/)
})

test('API-13: close refuses what it cannot mean, and does not close', async () => {
  for (const options of [{ drain: -1 }, { drain: Number.NaN }, { drain: 'now' }, { drian: 1 }, null]) {
    await failsWith((async () => pit.close(options as never))(), 'invalid_option')
  }
  assert.is(await pit.execute('add', { a: 1 }), 3)
})

test('API-13: errors of options carry the name and the value', async () => {
  const error = (await failsWith(Snakepit.open({ adapter, size: 0 }), 'invalid_option')) as SnakepitError
  assert.is(error.details.option, 'size')
})

test.run()
