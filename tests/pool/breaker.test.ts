// Every row of the circuit breaker and of the crash barrier.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SnakepitError } from '../../src/errors/snakepit-error.js'
import { barredUntil, Quarantine, withCrash } from '../../src/pool/barrier.js'
import {
  admits,
  afterBreakerEvent,
  type BreakerEvent,
  type BreakerState,
  closedBreaker,
} from '../../src/pool/breaker.js'
import { verdictOf } from '../../src/pool/breakers.js'
import type { LeaseOutcome } from '../../src/pool/request.js'

const rules = { failures: 2, within: 100, cooldown: 50, halfOpenCalls: 2 }
const open: BreakerState = { type: 'open', until: 60 }
const trying = (count: number, passed = 0): BreakerState => ({ type: 'half_open', trying: count, passed })
const ended = (how: 'success' | 'failure' | 'neither', at = 10, isTrial = false): BreakerEvent => {
  return { type: 'ended', at, how, isTrial }
}

const rows: readonly (readonly [string, BreakerState, BreakerEvent, BreakerState])[] = [
  ['a first failure is remembered', closedBreaker, ended('failure'), { type: 'closed', failures: [10] }],
  ['the last one opens it', { type: 'closed', failures: [5] }, ended('failure'), open],
  [
    'long past ones are forgotten',
    { type: 'closed', failures: [5] },
    ended('failure', 105),
    { type: 'closed', failures: [105] },
  ],
  ['success changes nothing', { type: 'closed', failures: [5] }, ended('success'), { type: 'closed', failures: [5] }],
  ['a late answer does not matter while it is open', open, ended('success'), open],
  ['a call that starts after the cooldown is a trial', open, { type: 'started', at: 60 }, trying(1)],
  ['another trial starts', trying(1), { type: 'started', at: 61 }, trying(2)],
  ['one passes', trying(2), ended('success', 70, true), trying(1, 1)],
  ['all pass: closed', trying(1, 1), ended('success', 70, true), closedBreaker],
  ['one fails: open again', trying(1, 1), ended('failure', 70, true), { type: 'open', until: 120 }],
  ['a cancelled trial proves nothing', trying(1, 1), ended('neither', 70, true), trying(0, 1)],
  ['an answer from before proves nothing', trying(1), ended('failure', 70), trying(1)],
]
for (const [name, before, event, after] of rows) {
  test(`FAULT-04: ${before.type}, ${name}`, () => {
    assert.equal(afterBreakerEvent(before, event, rules), after)
  })
}

test('FAULT-04: who may start', () => {
  assert.equal(admits(closedBreaker, 0, rules), { type: 'admit' })
  assert.equal(admits(open, 59, rules), { type: 'refuse', retryAt: 60 })
  assert.equal(admits(open, 60, rules), { type: 'admit' })
  assert.equal(admits(trying(1), 60, rules), { type: 'admit' })
  assert.equal(admits(trying(2), 60, rules), { type: 'refuse', retryAt: undefined })
  assert.equal(admits(trying(1, 1), 60, rules), { type: 'refuse', retryAt: undefined })
})

const verdicts: readonly (readonly [string, LeaseOutcome, string])[] = [
  ['a good end', { type: 'ok' }, 'success'],
  ['an exception', { type: 'error', error: new Error('no') }, 'failure'],
  ['a timeout', { type: 'error', error: new SnakepitError('timeout', 'late') }, 'failure'],
  ['a bad argument', { type: 'error', error: new SnakepitError('invalid_parameter', 'no') }, 'neither'],
  ['a cancel', { type: 'cancelled' }, 'neither'],
  ['a crash', { type: 'lost' }, 'failure'],
  ['an ordered stop', { type: 'lost', error: new SnakepitError('worker_stopping', 'stop') }, 'neither'],
]
for (const [name, outcome, expected] of verdicts) {
  test(`FAULT-04: ${name} counts as ${expected}`, () => {
    assert.is(verdictOf(outcome), expected)
  })
}

const barrier = { crashes: 2, within: 100 }

test('FAULT-03: two crashes of two workers bar, until the first of them is long ago', () => {
  const one = withCrash(undefined, 'a', 10, barrier)
  assert.is(barredUntil(one, 10, barrier), undefined)
  const two = withCrash(one, 'b', 60, barrier)
  assert.is(barredUntil(two, 60, barrier), 110)
  assert.is(barredUntil(two, 110, barrier), undefined)
  const three = withCrash(two, 'c', 130, barrier)
  assert.equal(three.times, [60, 130])
  assert.is(barredUntil(three, 130, barrier), 160)
})

test('FAULT-03: calls that died together saw one crash', () => {
  const one = withCrash(undefined, 'a', 10, barrier)
  assert.is(withCrash(one, 'a', 10, barrier), one)
})

test('FAULT-03: the table of the barrier is bounded, and forgets those first that crashed longest ago', () => {
  const table = new Quarantine({ crashes: 1, within: 1e6 })
  for (let key = 0; key < 1500; key++) table.note(`tool-${key}`, `w-${key}`, key)
  assert.is(table.until('tool-499', 1500), undefined)
  assert.is(table.until('tool-500', 1500), 500 + 1e6)
  assert.is(table.until('tool-1499', 1500), 1499 + 1e6)
})

test.run()
