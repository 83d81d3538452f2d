// A tool that cannot be made to leave loses its worker; nobody waits longer than the grace.
// timeout: 180 s
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { adapterOf, openOne } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { within } from '../support/within.js'

const cancelGrace = 300
const pit = await openOne(adapterOf(import.meta.url, 'stubborn.py'), { cancelGrace, restart: { backoff: 0 } })
test.after(() => pit.close())

for (const tool of ['hides_everything', 'holds_the_gil', 'shielded_for_ever']) {
  test(`CANCEL-01, CANCEL-04, guarantee:G15: ${tool}: the caller is free at once, the worker replaced after the grace`, async () => {
    const before = await pit.execute<number>('pid')
    const tainted = pit.stats().tainted
    const controller = new AbortController()
    const chunks = pit.stream(tool, {}, { signal: controller.signal })[Symbol.asyncIterator]()
    await chunks.next()
    const left = reasonOf(chunks.next())
    const reason = new Error('enough')
    const aborted = performance.now()
    controller.abort(reason)
    assert.is(await left, reason)
    assert.ok(performance.now() - aborted < cancelGrace, 'the caller waited')
    const after = await within(pit.execute<number>('pid', {}, { queueTimeout: 12_000 }), 'a worker again', 12_000)
    assert.is.not(after, before)
    assert.ok(performance.now() - aborted > cancelGrace, 'the grace was not given')
    assert.is(pit.stats().tainted, tainted + 1)
  })
}

test('CANCEL-01, CANCEL-02: a tool that leaves within the grace keeps its worker', async () => {
  const before = await pit.execute<number>('pid')
  const tainted = pit.stats().tainted
  for await (const _ of pit.stream('blocks_in_c')) break
  assert.is(await pit.execute<number>('pid', {}, { queueTimeout: 12_000 }), before)
  assert.is(pit.stats().tainted, tainted)
})

test.run()
