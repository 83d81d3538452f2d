// One deadline for a whole call, and the silence that a call may keep.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { failsWith } from '../support/errors.js'
import { Gate } from '../support/gate.js'
import { Ledger } from '../support/ledger.js'
import { adapterOf, openOne } from '../support/pit.js'

const ledger = new Ledger()
const pit = await openOne(adapterOf(import.meta.url, 'desk.py'), { env: ledger.env, concurrency: 1 })
test.after(() => pit.close())

test('POOL-04: Python sees what is left, and the queue has taken its share', async () => {
  const fresh = await pit.execute<number>('time_left', {}, { timeout: 5000 })
  assert.ok(fresh > 3.5 && fresh <= 5, `${fresh} s`)
  const { gate, busy } = await busyWorker()
  const began = performance.now()
  const waiting = pit.execute<number>('time_left', {}, { timeout: 5000 })
  setTimeout(() => gate.open(), 200)
  await busy
  const waited = (performance.now() - began) / 1000
  const left = await waiting
  assert.ok(waited >= 0.19 && left <= 5 - 0.19, `waited ${waited} s, ${left} s left`)
})

test('POOL-04: the default deadline is there, too', async () => {
  const left = await pit.execute<number>('time_left')
  assert.ok(left > 25 && left <= 30, `${left} s`)
})

test('POOL-04: the deadline passes in the queue: told, and never run', async () => {
  const { gate, busy } = await busyWorker()
  const error = await failsWith(pit.execute('ran', { name: 'too late' }, { timeout: 50 }), 'timeout')
  assert.is(error.mayHaveRun, false)
  gate.open()
  await busy
  await pit.execute('whoami')
  assert.equal(ledger.lines('ran too late'), [])
})

test('POOL-04, CANCEL-04: the deadline passes in the tool: told at once, Python is made to leave', async () => {
  const began = performance.now()
  const error = await failsWith(pit.execute('silent', { name: 'overtime' }, { timeout: 100 }), 'timeout')
  assert.ok(performance.now() - began < 1000)
  assert.equal([error.mayHaveRun, error.category], [true, 'timeout'])
  await ledger.has('left overtime')
})

test('CANCEL-04: the caller never waits for Python to agree', async () => {
  const gate = new Gate()
  const began = performance.now()
  const call = failsWith(pit.execute('hold', { gate: gate.path }, { timeout: 150 }), 'timeout')
  await gate.entered()
  await call
  assert.ok(performance.now() - began < 1000)
  gate.open()
  assert.type(await pit.execute('whoami'), 'number')
})

test('STREAM-10: progress reaches `onProgress`, in order, all of it before the value', async () => {
  const seen: unknown[] = []
  const steps = await pit.execute('works', { steps: 4, pause: 0.001 }, { onProgress: (step) => seen.push(step) })
  assert.is(steps, 4)
  assert.equal(
    seen,
    [0, 1, 2, 3].map((step) => ({ value: step / 4, step, of: 4 })),
  )
})

test('STREAM-10: progress of a stream is no chunk', async () => {
  const seen: unknown[] = []
  const chunks: unknown[] = []
  const options = { onProgress: (step: unknown) => seen.push(step) }
  for await (const value of pit.stream('works_in_chunks', { steps: 3, pause: 0.001 }, options).values())
    chunks.push(value)
  assert.equal(chunks.slice(0, 3), [0, 1, 2])
  assert.equal(seen, [{ step: 0 }, { step: 1 }, { step: 2 }])
})

test('STREAM-10, STREAM-11: progress keeps a call from being idle, for far longer than `idleTimeout`', async () => {
  assert.is(await pit.execute('works', { steps: 12, pause: 0.05 }, { idleTimeout: 400 }), 12)
})

test('STREAM-11: silence ends a call and a stream: told how long, and Python is made to leave', async () => {
  const call = pit.execute('silent', { name: 'idle call' }, { idleTimeout: 80 })
  const error = await failsWith(call, 'idle_timeout', /'silent' gave no chunk and no progress for 80 ms/)
  assert.equal([error.mayHaveRun, error.details.idleTimeout], [true, 80])
  await ledger.has('left idle call')
  const slow = pit.stream('works_in_chunks', { steps: 3, pause: 30 }, { idleTimeout: 80 })
  await failsWith(slow[Symbol.asyncIterator]().next(), 'idle_timeout')
})

test('STREAM-11: the queue is not silence', async () => {
  const { gate, busy } = await busyWorker()
  const waiting = pit.execute('whoami', {}, { idleTimeout: 40 })
  setTimeout(() => gate.open(), 200)
  assert.is(await waiting, await busy)
})

async function busyWorker() {
  const gate = new Gate()
  const busy = pit.execute<number>('hold', { gate: gate.path })
  await gate.entered()
  return { gate, busy }
}

test.run()
