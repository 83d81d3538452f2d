// Workers whose sync tools run on several threads: side by side, and left one by one.
// timeout: 120 s
import { availableParallelism } from 'node:os'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Snakepit, type SnakepitEvent } from '../../src/index.js'
import { failsWith } from '../support/errors.js'
import { eventually } from '../support/eventually.js'
import { adapterOf, openOne, pidOf } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { within } from '../support/within.js'

const adapter = adapterOf(import.meta.url, 'threads.py')
const cancelGrace = 500
const pit = await openOne(adapter, { threads: 4, cancelGrace, restart: { backoff: 0 } })
test.after(() => pit.close())
const events: SnakepitEvent[] = []
pit.events$.subscribe((event) => events.push(event))

const four = <T>(call: () => Promise<T>) => within(Promise.all([call(), call(), call(), call()]), 'four calls')

test('PY-04, POOL-06: so many calls run at once as there are threads, on what was loaded once', async () => {
  const met = await four(() => pit.execute<{ thread: string; pid: number; table: number }>('meet'))
  assert.is(new Set(met.map(({ thread }) => thread)).size, 4)
  assert.is(new Set(met.map(({ pid, table }) => `${pid} ${table}`)).size, 1)
})

test('PY-04, SESSION-06: each call has its own context', async () => {
  const ids = ['a', 'b', 'c', 'd']
  const told = await within(Promise.all(ids.map((id) => pit.session(id).execute('who'))), 'four sessions')
  assert.equal(told, ids)
})

test('PY-04, STREAM-07: streams of several threads are each at their reader’s pace', async () => {
  const read = async () => {
    let next = 0
    for await (const index of pit.stream<number>('counts', { n: 2_000 }, { window: 8 }).values()) {
      if (index !== next++) throw new Error(`${index} came, not ${next - 1}`)
    }
    return next
  }
  const idle = pit.stream<number>('counts', { n: 2_000 }, { window: 8 })[Symbol.asyncIterator]()
  await idle.next()
  assert.equal(await within(Promise.all([read(), read(), read()]), 'three readers'), [2_000, 2_000, 2_000])
  await idle.return?.()
})

test('CANCEL-01, CANCEL-02, CANCEL-05, PY-04: one call is left in the middle of its code, its neighbours and the worker stay', async () => {
  const pid = pidOf(pit)
  const controllers = [new AbortController(), new AbortController(), new AbortController()]
  const calls = controllers.map(({ signal }) => pit.stream('spins', {}, { signal })[Symbol.asyncIterator]())
  await Promise.all(calls.map((call) => call.next()))
  const ends = calls.map((call) => reasonOf(call.next()))
  const thrown = pit.stats().cancels.thrown
  controllers[1]?.abort(new Error('enough'))
  assert.match(String(await ends[1]), /enough/)
  await eventually(() => pit.stats().cancels.thrown === thrown + 1, 'the exception in its thread', cancelGrace)
  assert.is(await pit.execute('pid'), pid)
  assert.is(pit.stats().running, 2)
  for (const controller of controllers) controller.abort(new Error('enough'))
  await Promise.all(ends)
  await four(() => pit.execute('meet'))
  assert.is(pidOf(pit), pid)
  assert.is(pit.stats().cancels.replaced, 0)
})

test('CANCEL-01, CANCEL-04, PY-04: beside a tool that sleeps through its grace the others finish, and only then the worker goes', async () => {
  const pid = pidOf(pit)
  events.length = 0
  const controller = new AbortController()
  const stubborn = pit.stream('sleeps', { seconds: 600 }, { signal: controller.signal })[Symbol.asyncIterator]()
  await stubborn.next()
  const neighbour = pit.stream<number>('sleeps', { seconds: 4 * (cancelGrace / 1000) })[Symbol.asyncIterator]()
  await neighbour.next()
  const left = reasonOf(stubborn.next())
  controller.abort(new Error('enough'))
  await left
  // Well past the grace, and from the same process.
  const next = await within(neighbour.next(), 'the neighbour', 10_000)
  assert.is(next.done === true ? 'nothing' : next.value.data, pid)
  for (let end = await neighbour.next(); end.done !== true; end = await neighbour.next()) assert.ok(end.value.isFinal)
  const after = await within(pit.execute<number>('pid', {}, { queueTimeout: 12_000 }), 'a new worker', 12_000)
  assert.is.not(after, pid)
  assert.is(pit.stats().cancels.replaced, 1)
  assert.is(pit.stats().lost, 0, 'the neighbour was not lost')
})

test('PY-04: number libraries get a share of the cores for each thread', async () => {
  const share = Math.max(1, Math.floor(availableParallelism() / 4))
  assert.is(await pit.execute('library_threads'), String(share))
})

test('PY-04, API-01: tools that are not declared safe are refused when the pool is opened', async () => {
  const opening = openOne(adapterOf(import.meta.url, 'calls.py'), { threads: 2 })
  const error = await failsWith(opening, 'worker_start_failed')
  assert.match(error.message, /with `threads: 2` tool '\w+' would run in several threads at once/)
  assert.match(error.message, /leave the option `threads` out/)
})

test('PY-04, API-13: more threads than `concurrency` has calls for are refused', async () => {
  const error = await failsWith(Snakepit.open({ adapter, threads: 4, concurrency: 2 }), 'invalid_option')
  assert.match(error.message, /expected `threads` to be at most the `concurrency` of 2: .*, got 4/)
})

test.run()
