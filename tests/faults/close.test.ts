// close() always resolves, at any moment and whatever the workers do, and leaves nothing.
import { existsSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Snakepit } from '../../src/index.js'
import { failsWith, isCoded } from '../support/errors.js'
import { eventually } from '../support/eventually.js'
import { handles } from '../support/handles.js'
import { adapterOf, nextLog, openOne, socketOf } from '../support/pit.js'
import { allGone, descendantsOf, startedSince } from '../support/processes.js'
import { reasonOf } from '../support/rejection.js'
import { within } from '../support/within.js'

const adapter = adapterOf(import.meta.url, 'family.py')
const loaderChildren = descendantsOf(process.pid)
const loaderHandles = handles()

for (const tool of ['idles', 'holds_the_gil', 'ignores_sigterm']) {
  test(`API-01, CLEAN-02, guarantee:G7: closed while a tool runs that ${tool}: the call is told, nothing is left`, async () => {
    const pit = await openOne(adapter)
    const family = await pit.execute<number[]>('grow')
    const busy = nextLog(pit, 'busy')
    const call = reasonOf(pit.execute(tool, {}, { timeout: 60_000 }))
    await busy
    const began = performance.now()
    await within(Promise.all([pit.close(), pit.close(), pit.close({ drain: 0 })]), 'close', 8000)
    assert.ok(performance.now() - began < 4000, `${performance.now() - began} ms`)
    isCoded(await call, 'worker_stopping')
    await allGone(family, 100)
    await nothingIsLeft()
  })
}

test('CLEAN-02, guarantee:G7: closed in mid-stream: what has arrived is delivered, then the end is told', async () => {
  const pit = await openOne(adapter, { transport: 'grpc' })
  const iterator = pit.stream('streams')[Symbol.asyncIterator]()
  await iterator.next()
  const socket = socketOf(pit)
  assert.ok(existsSync(socket))
  await within(pit.close(), 'close', 8000)
  const draining = (async () => {
    for (let result = await iterator.next(); result.done !== true; result = await iterator.next());
  })()
  isCoded(await reasonOf(draining), 'worker_stopping')
  assert.not.ok(existsSync(socket))
  await nothingIsLeft()
})

test('API-10: what runs and what waits is finished within the drain', async () => {
  const pit = await Snakepit.open({ adapter: adapterOf(import.meta.url, 'crashes.py'), size: 1 })
  const calls = Array.from({ length: 200 }, () => pit.execute<number>('whoami'))
  await pit.close({ drain: 10_000 })
  assert.is((await Promise.all(calls)).length, 200)
  await failsWith(pit.execute('whoami'), 'pool_closed')
})

test('CLEAN-02, guarantee:G7: closed while other workers are still starting', async () => {
  const pit = await Snakepit.open({ adapter, size: 4, startBatch: 1, drain: 0 })
  await within(pit.close(), 'close', 8000)
  await nothingIsLeft()
})

test('ERR-04: streams and calls that are abandoned and fail later disturb nobody', async () => {
  const pit = await openOne(adapterOf(import.meta.url, 'crashes.py'), { restart: { backoff: 0 } })
  pit.stream('crash_mid_stream', { after: 0, number: 9 }).subscribe({ error: () => undefined })
  const iterator = pit.stream('crash_mid_stream', { after: 3, number: 9 })[Symbol.asyncIterator]()
  await iterator.next().catch(() => undefined)
  await iterator.return?.()
  await pit.execute('whoami').catch(() => undefined)
  await pit.close()
  await nothingIsLeft()
})

test('CLEAN-02, guarantee:G33: opened and closed twenty times, with equal handles', async () => {
  for (let round = 0; round < 20; round++) await (await openOne(adapter)).close()
  await nothingIsLeft()
})

async function nothingIsLeft(): Promise<void> {
  assert.equal(startedSince(loaderChildren), [])
  await eventually(() => handles().length <= loaderHandles.length, `only ${loaderHandles} open, not ${handles()}`, 2000)
}

test.run()
