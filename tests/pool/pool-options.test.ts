// The options of a pool: defaults, bounds, and what a mistake is told.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SnakepitError } from '../../src/errors/snakepit-error.js'
import { type PoolOptions, resolvePoolOptions } from '../../src/pool/pool-options.js'

test('API-13: without options the documented defaults hold, and nothing can change them', () => {
  const { size, ...settings } = resolvePoolOptions()
  assert.ok(size >= 1 && size <= 4)
  assert.equal(settings, {
    name: 'default',
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
  })
  assert.ok(Object.isFrozen(resolvePoolOptions()) && Object.isFrozen(resolvePoolOptions().restart))
})

const mistakes: readonly (readonly [options: unknown, message: string])[] = [
  [{ size: '4' }, "expected `size` to be an integer from 1 up, got '4' (string)"],
  [{ size: 0 }, 'expected `size` to be an integer from 1 up, got 0 (number)'],
  [{ maxQueue: 1.5 }, 'expected `maxQueue` to be an integer from 0 up, got 1.5 (number)'],
  [{ queueTimeout: -1 }, 'expected `queueTimeout` to be milliseconds from 0 up, or Infinity, got -1 (number)'],
  [{ stopLimit: Infinity }, 'expected `stopLimit` to be milliseconds from 0 up, got Infinity (number)'],
  [{ drain: NaN }, 'expected `drain` to be milliseconds from 0 up, or Infinity, got NaN (number)'],
  [
    { affinity: 'strict' },
    "expected `affinity` to be one of 'hint', 'strict_queue', 'strict_fail_fast', got 'strict' (string)",
  ],
  [{ name: 'a/b' }, "expected `name` to be 1 to 64 letters, digits, `.`, `_` or `-`, got 'a/b' (string)"],
  [{ sise: 4 }, 'there is no option `sise`; did you mean `size`?'],
  [{ restart: { jitter: 2 } }, 'expected `restart.jitter` to be a number from 0 to 1, got 2 (number)'],
  [{ restart: { backof: 2 } }, 'there is no option `restart.backof`; did you mean `restart.backoff`?'],
  [{ restart: null }, 'expected `restart` to be an object, got null'],
  [4, 'expected pool options to be an object, got 4 (number)'],
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

test.run()
