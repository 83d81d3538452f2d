// The options of a pool: defaults, bounds, and what a mistake is told.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SnakepitError } from '../../src/errors/snakepit-error.js'
import type { PoolOptions } from '../../src/pool/pool-options.js'
import { resolvePoolOptions } from '../../src/pool/pool-settings.js'

test('API-13: without options the documented defaults hold, and nothing can change them', () => {
  const { size, minSize, maxSize, ...settings } = resolvePoolOptions()
  assert.ok(size >= 1 && size <= 4 && minSize === size && maxSize === size)
  assert.equal(settings, {
    name: 'default',
    workerIdleTimeout: 60_000,
    workerDrain: 300_000,
    startBatch: 4,
    concurrency: 1,
    maxQueue: 1000,
    queueTimeout: 10_000,
    affinity: 'hint',
    sessionTtl: 3_600_000,
    maxSessions: 10_000,
    drain: 10_000,
    stopLimit: 15_000,
    restart: {
      maxCrashes: 5,
      within: 60_000,
      maxStartFailures: 3,
      backoff: 100,
      maxBackoff: 30_000,
      stableAfter: 10_000,
      jitter: 0.2,
    },
    recycle: { maxCalls: Infinity, maxAge: Infinity, maxMemory: Infinity, jitter: 0.1, atOnce: 1 },
    barrier: { crashes: 2, within: 60_000 },
    breaker: false,
    toolBreaker: false,
  })
  assert.ok(Object.isFrozen(resolvePoolOptions()) && Object.isFrozen(resolvePoolOptions().restart))
})

const mistakes: readonly (readonly [options: unknown, message: string])[] = [
  [{ size: '4' }, "expected `size` to be an integer from 1 up, got '4' (string)"],
  [{ size: 0 }, 'expected `size` to be an integer from 1 up, got 0 (number)'],
  [{ maxQueue: 1.5 }, 'expected `maxQueue` to be an integer from 0 up, got 1.5 (number)'],
  [
    { queueTimeout: -1 },
    'expected `queueTimeout` to be milliseconds from 1 to 2147483647, or Infinity for no limit, got -1 (number)',
  ],
  [
    { stopLimit: '1' },
    "expected `stopLimit` to be milliseconds from 0 to 2147483647, or Infinity for no limit, got '1' (string)",
  ],
  [
    { drain: NaN },
    'expected `drain` to be milliseconds from 0 to 2147483647, or Infinity for no limit, got NaN (number)',
  ],
  [
    { breaker: { cooldown: Infinity } },
    'expected `breaker.cooldown` to be milliseconds from 0 to 2147483647 (a pause has to end: what waits for it would never happen), got Infinity (number)',
  ],
  [
    { affinity: 'strict' },
    "expected `affinity` to be one of 'hint', 'strict_queue', 'strict_fail_fast', got 'strict' (string)",
  ],
  [{ name: 'a/b' }, "expected `name` to be 1 to 64 letters, digits, `.`, `_` or `-`, got 'a/b' (string)"],
  [{ sise: 4 }, "unknown option 'sise' of the pool: did you mean 'size'?"],
  [{ restart: { jitter: 2 } }, 'expected `restart.jitter` to be a number from 0 to 1, got 2 (number)'],
  [{ restart: { backof: 2 } }, "unknown option 'backof' of `restart`: did you mean 'backoff'?"],
  [{ restart: null }, 'expected `restart` to be an object, got null'],
  [4, 'expected `options` to be an object, got 4 (number)'],
  [{ recycle: { maxCalls: 0 } }, 'expected `recycle.maxCalls` to be an integer from 1 up, or Infinity, got 0 (number)'],
  [{ recycle: false }, 'expected `recycle` to be an object, got false (boolean)'],
  [{ barrier: true }, 'expected `barrier` to be an object or false, got true (boolean)'],
  [{ breaker: { failures: 0 } }, 'expected `breaker.failures` to be an integer from 1 up, got 0 (number)'],
  [{ toolBreaker: null }, 'expected `toolBreaker` to be an object, got null'],
  [{ minSize: 3 }, 'expected `maxSize` to be given with `minSize`, unless `size` is, got undefined'],
  [{ maxSize: 3 }, 'expected `minSize` to be given with `maxSize`, unless `size` is, got undefined'],
  [{ minSize: 3, maxSize: 2 }, 'expected `maxSize` to be `minSize` (3) at least, got 2 (number)'],
  [{ size: 4, minSize: 3, maxSize: 2 }, 'expected `maxSize` to be `minSize` (3) at least, got 2 (number)'],
  [{ size: 1, minSize: 2, maxSize: 4 }, 'expected `size` to be `minSize` (2) at least, got 1 (number)'],
  [{ size: 5, minSize: 2, maxSize: 4 }, 'expected `size` to be `maxSize` (4) at most, got 5 (number)'],
  [{ size: 5, maxSize: 4 }, 'expected `size` to be `maxSize` (4) at most, got 5 (number)'],
]
for (const [options, message] of mistakes) {
  test(`API-13: ${message}`, () => {
    assert.throws(
      () => resolvePoolOptions(options as PoolOptions),
      (error: unknown) =>
        error instanceof SnakepitError && error.code === 'invalid_option' && error.message === message,
    )
  })
}

const sizes: readonly (readonly [options: PoolOptions, size: number, least: number, most: number])[] = [
  [{ size: 3 }, 3, 3, 3],
  [{ minSize: 2, maxSize: 5 }, 2, 2, 5],
  [{ size: 3, minSize: 2, maxSize: 5 }, 3, 2, 5],
  [{ size: 3, minSize: 2 }, 3, 2, 3],
  [{ size: 3, maxSize: 5 }, 3, 3, 5],
]
for (const [options, size, minSize, maxSize] of sizes) {
  test(`POOL-05: ${JSON.stringify(options)} begins with ${size}, between ${minSize} and ${maxSize}`, () => {
    const settings = resolvePoolOptions(options)
    assert.equal([settings.size, settings.minSize, settings.maxSize], [size, minSize, maxSize])
  })
}

test.run()
