// Every row of the scheduling decision.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chooseWorker, type Home, type WorkerView } from '../../src/pool/choose-worker.js'
import type { Affinity } from '../../src/pool/request.js'

interface View extends WorkerView {
  readonly id: string
}

const view = (id: string, given: Partial<View> = {}): View => ({
  id,
  condition: 'ready',
  sign: 'responsive',
  leases: 0,
  concurrency: 1,
  lastUsed: 0,
  ...given,
})
const free = view('free', { lastUsed: 9 })
const other = view('other', { lastUsed: 1 })
const busy = view('busy', { leases: 1 })
const leaving = view('leaving', { condition: 'leaving' })
const tainted = view('tainted', { condition: 'tainted' })

function decide(affinity: Affinity | undefined, workers: View[], home: Home<View> = 'none'): string {
  const session = affinity && { id: 's', affinity }
  const choice = chooseWorker({ session }, workers, home)
  return choice.type === 'run' ? choice.worker.id : choice.type === 'refuse' ? choice.code : 'wait'
}

type Row = readonly [affinity: Affinity | undefined, home: Home<View>, others: View[], expected: string]
const rows: readonly Row[] = [
  [undefined, 'none', [other], 'other'],
  [undefined, 'none', [busy], 'wait'],
  [undefined, 'none', [], 'wait'],
  [undefined, 'none', [leaving, tainted], 'wait'],
  ['hint', 'none', [other], 'other'],
  ['hint', 'none', [busy], 'wait'],
  ['hint', free, [other, free], 'free'],
  ['hint', busy, [other, busy], 'other'],
  ['hint', busy, [busy], 'wait'],
  ['hint', leaving, [other, leaving], 'other'],
  ['hint', tainted, [tainted], 'wait'],
  ['hint', 'gone', [other], 'other'],
  ['hint', 'gone', [], 'wait'],
  ['strict_queue', 'none', [other], 'other'],
  ['strict_queue', 'none', [busy], 'wait'],
  ['strict_queue', free, [other, free], 'free'],
  ['strict_queue', busy, [other, busy], 'wait'],
  ['strict_queue', leaving, [other, leaving], 'session_worker_unavailable'],
  ['strict_queue', tainted, [other, tainted], 'session_worker_unavailable'],
  ['strict_queue', 'gone', [other], 'session_worker_unavailable'],
  ['strict_fail_fast', 'none', [other], 'other'],
  ['strict_fail_fast', 'none', [busy], 'wait'],
  ['strict_fail_fast', free, [other, free], 'free'],
  ['strict_fail_fast', busy, [other, busy], 'worker_busy'],
  ['strict_fail_fast', leaving, [other, leaving], 'session_worker_unavailable'],
  ['strict_fail_fast', tainted, [other, tainted], 'session_worker_unavailable'],
  ['strict_fail_fast', 'gone', [other], 'session_worker_unavailable'],
]

const requirement = { none: 'POOL-01', hint: 'SESSION-01', strict_queue: 'SESSION-02', strict_fail_fast: 'SESSION-03' }

for (const [affinity, home, others, expected] of rows) {
  const where = typeof home === 'object' ? home.id : home
  const ids = others.map((worker) => worker.id).join(' ') || 'no workers'
  test(`${requirement[affinity ?? 'none']}: ${affinity ?? 'no session'}, home ${where}, ${ids}: ${expected}`, () => {
    assert.is(decide(affinity, others, home), expected)
  })
}

test('POOL-01: fewest leases first, then the one that has rested longest', () => {
  const a = view('a', { concurrency: 4, leases: 1, lastUsed: 1 })
  const b = view('b', { concurrency: 4, leases: 0, lastUsed: 7 })
  const c = view('c', { concurrency: 4, leases: 0, lastUsed: 5 })
  assert.is(decide(undefined, [a, b, c]), 'c')
  assert.is(decide(undefined, [a, b]), 'b')
})

test('POOL-06: a worker is free until all its slots are taken', () => {
  assert.is(decide(undefined, [view('a', { concurrency: 3, leases: 2 })]), 'a')
  assert.is(decide(undefined, [view('a', { concurrency: 3, leases: 3 })]), 'wait')
})

test.run()
