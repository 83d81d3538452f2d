// Every row of the restart decision.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { resolvePoolOptions } from '../../src/pool/pool-settings.js'
import { afterCrash, afterStartFailure, backoff, type StartFailure } from '../../src/pool/restart-policy.js'

const rules = resolvePoolOptions().restart
const never = () => 0

test('POOL-08: the backoff doubles from 100 ms to 30 s', () => {
  const delays = Array.from({ length: 11 }, (_, restarts) => backoff(restarts, rules, never))
  assert.equal(delays, [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000])
  assert.is(backoff(5000, rules, never), 30_000)
})

test('POOL-08: chance takes at most a fifth off the backoff', () => {
  assert.is(
    backoff(0, rules, () => 0.5),
    90,
  )
  assert.ok(backoff(0, rules, () => 0.999999) > 80)
})

const crash = { at: 100_000, lived: 50, restarts: 2, earlier: [] as number[], isBlamed: false }

test('POOL-08: a lost worker is restarted, and the next one later', () => {
  assert.equal(afterCrash(crash, rules, never), { type: 'restart', after: 400, restarts: 3, crashes: [100_000] })
})

test('POOL-08: the backoff begins anew after 10 s of stable life', () => {
  const stable = afterCrash({ ...crash, lived: 10_000 }, rules, never)
  assert.equal(stable, { type: 'restart', after: 100, restarts: 1, crashes: [100_000] })
  const almost = afterCrash({ ...crash, lived: 9_999 }, rules, never)
  assert.is(almost.type === 'restart' && almost.after, 400)
})

test('POOL-08: the fifth crash within 60 s stops the pool', () => {
  const four = [40_001, 50_000, 60_000, 70_000]
  assert.is(afterCrash({ ...crash, earlier: four.slice(1) }, rules, never).type, 'restart')
  assert.equal(afterCrash({ ...crash, earlier: four }, rules, never), { type: 'give-up', crashes: [...four, 100_000] })
})

test('POOL-08, FAULT-03: a crash that calls are blamed for does not count, and is not remembered', () => {
  const four = [40_001, 50_000, 60_000, 70_000]
  const verdict = afterCrash({ ...crash, earlier: four, isBlamed: true }, rules, never)
  assert.equal(verdict, { type: 'restart', after: 400, restarts: 3, crashes: four })
})

test('POOL-08: crashes longer ago are forgotten', () => {
  const verdict = afterCrash({ ...crash, earlier: [1, 2, 3, 40_000, 90_000] }, rules, never)
  assert.equal(verdict.crashes, [90_000, 100_000])
  assert.is(verdict.type, 'restart')
})

const nobody = { ready: 0, starting: 0, resting: 0 }
const first: StartFailure = { failures: 1, restarts: 0, poolWasUp: false, others: nobody }
const rows: readonly (readonly [string, StartFailure, string])[] = [
  ['nobody else is starting', first, 'give-up'],
  ['others are starting', { ...first, others: { ...nobody, starting: 2 } }, 'wait-for-others'],
  ['others are ready', { ...first, poolWasUp: true, others: { ...nobody, ready: 1 } }, 'restart'],
  ['the pool was up, all are lost', { ...first, poolWasUp: true }, 'restart'],
  ['third failure in a row', { ...first, failures: 3, poolWasUp: true, others: { ...nobody, ready: 1 } }, 'restart'],
  [
    'fourth, others ready',
    { ...first, failures: 4, poolWasUp: true, others: { ...nobody, ready: 1 } },
    'give-up-place',
  ],
  [
    'fourth, others rest',
    { ...first, failures: 4, poolWasUp: true, others: { ...nobody, resting: 1 } },
    'give-up-place',
  ],
  ['fourth, nobody left', { ...first, failures: 4, poolWasUp: true }, 'give-up'],
]
for (const [name, failure, expected] of rows) {
  test(`POOL-08: start failure, ${name}: ${expected}`, () => {
    assert.is(afterStartFailure(failure, rules, never).type, expected)
  })
}

test.run()
