// Every row of the decisions about how many workers there are, and which of them is recycled.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { limitsOf, nextToRecycle, recycleCause } from '../../src/pool/recycle.js'
import { residentBytes, residentMemory } from '../../src/pool/resident-memory.js'
import { type IdleWorker, type ScaleView, scale } from '../../src/pool/scale.js'
import type { WorkerHandle } from '../../src/worker/worker-event.js'

const rules = { minSize: 2, maxSize: 6, workerIdleTimeout: 100, concurrency: 1 }
const rested: IdleWorker = { idleSince: 0, bonds: 0 }
const fresh: IdleWorker = { idleSince: 90, bonds: 0 }
const home: IdleWorker = { idleSince: 0, bonds: 1 }
const calm: ScaleView<IdleWorker> = {
  now: 100,
  isUp: true,
  size: 4,
  coming: 0,
  leaving: 0,
  demand: 0,
  spareSince: Infinity,
  idle: [],
}
const never = { type: 'hold', lookAgainAt: Infinity }
const later = { type: 'hold', lookAgainAt: 200 }

const rows: readonly (readonly [string, Partial<ScaleView<IdleWorker>>, object])[] = [
  ['calls wait', { demand: 1 }, { type: 'grow', by: 1 }],
  ['many calls wait', { demand: 50 }, { type: 'grow', by: 2 }],
  ['calls wait and enough workers are coming', { demand: 2, coming: 2 }, later],
  ['more calls wait than workers are coming', { demand: 2, coming: 1 }, { type: 'grow', by: 1 }],
  ['calls wait at the upper bound', { demand: 9, size: 6 }, later],
  ['calls wait for the very first worker', { demand: 9, isUp: false }, later],
  ['a worker was idle for long', { idle: [fresh, rested] }, { type: 'shrink', worker: rested }],
  ['at the lower bound', { idle: [rested], size: 2 }, never],
  ['another one is still going', { idle: [rested], leaving: 1 }, later],
  ['calls wait, for others', { idle: [rested], demand: 1, coming: 1 }, later],
  ['nobody was idle for long', { idle: [fresh] }, { type: 'hold', lookAgainAt: 190 }],
  ['a little work keeps everybody busy', { idle: [fresh], spareSince: 0 }, { type: 'shrink', worker: fresh }],
  ['a strict session lives there', { idle: [home], spareSince: 0 }, later],
  ['a strict session lives in one of them', { idle: [home, fresh] }, { type: 'hold', lookAgainAt: 190 }],
]
for (const [name, given, expected] of rows) {
  test(`POOL-05: ${name}: ${(expected as { type: string }).type}`, () => {
    assert.equal(scale({ ...calm, ...given }, rules), expected)
  })
}

test('POOL-05: workers that run several calls at a time are needed less', () => {
  assert.equal(scale({ ...calm, demand: 9 }, { ...rules, concurrency: 8 }), { type: 'grow', by: 2 })
})

const limits = { maxCalls: 10, maxAge: 1000, maxMemory: 500 }
const services: readonly (readonly [number, number, number | undefined, string | undefined])[] = [
  [9, 999, 500, undefined],
  [10, 0, 0, 'calls'],
  [0, 1000, 0, 'age'],
  [0, 0, 501, 'memory'],
  [0, 0, undefined, undefined],
]
for (const [calls, age, memory, expected] of services) {
  test(`FAULT-06: ${calls} calls, ${age} ms, ${memory ?? 'unknown'} bytes: ${expected ?? 'goes on'}`, () => {
    assert.is(recycleCause({ calls, age, memory }, limits), expected)
  })
}

test('FAULT-06: chance brings calls and age nearer by the jitter at most, memory not', () => {
  const own = limitsOf({ ...limits, jitter: 0.2, atOnce: 1 }, () => 0.5)
  assert.equal(own, { maxCalls: 9, maxAge: 900, maxMemory: 500 })
  const never = limitsOf({ maxCalls: Infinity, maxAge: Infinity, maxMemory: Infinity, jitter: 1, atOnce: 1 }, () => 0.9)
  assert.equal(never, { maxCalls: Infinity, maxAge: Infinity, maxMemory: Infinity })
})

test('FAULT-06: who has the fewest strict sessions is recycled first, then who is due longest', () => {
  const bound = { bonds: 2, dueSince: 1 }
  const late = { bonds: 0, dueSince: 9 }
  const early = { bonds: 0, dueSince: 5 }
  assert.is(nextToRecycle([bound, late, early]), early)
  assert.is(nextToRecycle([bound]), bound)
  assert.is(nextToRecycle([]), undefined)
})

test('FAULT-06: resident memory is read where Linux tells it, and unknown elsewhere', () => {
  assert.is(residentBytes('VmPeak:\t  9000 kB\nVmRSS:\t    2048 kB\nThreads:\t4\n'), 2048 * 1024)
  assert.is(residentBytes('Name:\tzombie\n'), undefined)
  const own = residentMemory({ info: { pid: process.pid } } as WorkerHandle)
  if (process.platform === 'linux') assert.ok((own ?? 0) > 10 * 2 ** 20)
  else assert.is(own, undefined)
  assert.is(residentMemory({ info: { pid: 0 } } as WorkerHandle), undefined)
})

test.run()
