// How long a stream may take: for ever while it flows, `streamTimeout` while it stands still, `timeout` as a whole.
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { failsWith } from '../support/errors.js'
import { adapterOf, openOne } from '../support/pit.js'

const limit = 400
const pit = await openOne(adapterOf(import.meta.url, 'streams.py'), { concurrency: 16, streamTimeout: limit })
test.after(() => pit.close())

async function drained(stream: AsyncIterable<unknown>): Promise<number> {
  let count = 0
  for await (const _ of stream) count++
  return count
}

test('API-03: a stream that flows takes as long as it takes, and Python has no deadline', async () => {
  const began = performance.now()
  const left: unknown[] = []
  for await (const value of pit.stream('ticking', { n: 12, pause: limit / 4000 }).values()) left.push(value)
  assert.ok(performance.now() - began > 2 * limit)
  assert.equal(left, Array(12).fill(null))
})

test('API-03, STREAM-10: progress is movement too', async () => {
  const progress: unknown[] = []
  const options = { onProgress: (value: unknown) => progress.push(value) }
  assert.is(await drained(pit.stream('progressing', { n: 12, pause: limit / 4000 }, options)), 2)
  assert.is(progress.length, 12)
})

test('API-03: a reader that is slow, but takes, keeps its stream', async () => {
  let count = 0
  for await (const _ of pit.stream('count', { n: 12 }, { window: 2 })) {
    count++
    await pause(limit / 4)
  }
  assert.is(count, 13)
})

test('API-03: a silent tool is ended, and the sentence says by which limit', async () => {
  const error = await failsWith(
    drained(pit.stream('silent', { name: 'still' })),
    'timeout',
    /^the stream of tool 'silent' stood still for 400 ms \(`streamTimeout`\): its tool gave no chunk and no progress$/,
  )
  assert.equal(error.details, { tool: 'silent', streamTimeout: limit, waitsFor: 'tool' })
})

test('API-03: a reader that stopped is told so, and its tool is closed', async () => {
  const iterator = pit.stream('count', { n: 1 << 30, name: 'stopped' }, { window: 4 })[Symbol.asyncIterator]()
  await iterator.next()
  const ends = async () => (await pit.execute<{ ends: string[] }>('ledger', { name: 'stopped' })).ends
  while ((await ends()).length === 0) await pause(10)
  assert.equal(await ends(), ['closed'])
  await failsWith(iterator.next(), 'timeout', /stood still for 400 ms.*its reader took none of the chunks that wait/)
})

test('API-03, POOL-04: a `timeout` of its own is for the whole stream, and replaces the other limit', async () => {
  const flows = pit.stream('ticking', { n: 1000, pause: limit / 8000 }, { timeout: 2 * limit })
  await failsWith(drained(flows), 'timeout', /did not end within 800 ms \(`timeout`, for the whole call\)/)
  let left: unknown
  for await (const value of pit.stream('ticking', { n: 1, pause: limit / 300 }, { timeout: 60_000 }).values())
    left = value
  assert.ok(typeof left === 'number' && left > 50, `${left}`)
  const without = pit.stream('ticking', { n: 1, pause: limit / 300 }, { timeout: Number.POSITIVE_INFINITY })
  assert.is(await drained(without), 2)
})

test.run()
