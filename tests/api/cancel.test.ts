// What a cancelled tool gets to see, and that its worker lives on with what it has loaded.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { failsWith } from '../support/errors.js'
import { adapterOf, nextLog, openOne } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { within } from '../support/within.js'

const pit = await openOne(`${adapterOf(import.meta.url, 'cancels.py')}:Model`, { concurrency: 4 })
test.after(() => pit.close())
const loaded = await pit.execute('loaded')

const plainTools = { sleeps: ['finally'], spins: ['finally'], awaits: ['CancelledError', 'finally'] }
for (const [tool, marks] of Object.entries(plainTools)) {
  test(`CANCEL-01, CANCEL-02, guarantee:G15: aborted while it runs: ${tool}`, async () => {
    const controller = new AbortController()
    const there = nextLog(pit, 'there')
    const call = reasonOf(pit.execute(tool, {}, controller))
    await there
    const began = performance.now()
    controller.abort()
    assert.is(await call, controller.signal.reason)
    await left(tool, marks)
    assert.ok(performance.now() - began < 1000, `${performance.now() - began} ms`)
    assert.equal(await pit.execute('loaded'), loaded)
  })

  test(`CANCEL-04: a timeout cancels like an abort: ${tool}`, async () => {
    const before = (await pit.execute<string[]>('left', { name: tool })).length
    const error = await failsWith(pit.execute(tool, {}, { timeout: 300 }), 'timeout', /300 ms/)
    assert.is(error.category, 'timeout')
    assert.is(error.mayHaveRun, true)
    await left(tool, [...marks, ...marks])
    assert.is(before, marks.length)
    assert.equal(await pit.execute('loaded'), loaded)
  })
}

for (const tool of ['yields', 'sleeps_between', 'awaits_between']) {
  test(`CANCEL-01, CANCEL-02, guarantee:G15: a stream that is left: ${tool}`, async () => {
    const there = nextLog(pit, 'there')
    const iterator = pit.stream(tool, {}, { window: 2 })[Symbol.asyncIterator]()
    assert.is((await iterator.next()).value?.data, 0)
    await there
    await iterator.return?.()
    await left(tool, ['finally'])
    assert.equal(await pit.execute('loaded'), loaded)
  })
}

test('CANCEL-02: at the end of its window, with nobody reading', async () => {
  const controller = new AbortController()
  const iterator = pit.stream('yields', {}, { window: 1, signal: controller.signal })[Symbol.asyncIterator]()
  await iterator.next()
  const next = reasonOf(
    iterator
      .next()
      .then(() => iterator.next())
      .then(() => new Promise(() => undefined)),
  )
  controller.abort()
  await Promise.race([next, left('yields', ['finally', 'finally'])])
  await left('yields', ['finally', 'finally'])
  await iterator.return?.()
})

test('CANCEL-03: a tool asks whether it is still wanted', async () => {
  const controller = new AbortController()
  const there = nextLog(pit, 'there')
  const call = reasonOf(pit.execute('polls', {}, controller))
  await there
  controller.abort()
  await call
  await left('polls', ['cancelled', 'finally'])
})

test('CANCEL-03: nothing interrupts a shield; the cancel comes right after it', async () => {
  const controller = new AbortController()
  const there = nextLog(pit, 'there')
  const call = reasonOf(pit.execute('writes', {}, controller))
  await there
  controller.abort()
  await within(call, 'the caller to be told at once', 1000)
  assert.equal(await pit.execute('left', { name: 'writes' }), [])
  await pit.execute('let_leave')
  await left('writes', ['written'])
  assert.equal(await pit.execute('loaded'), loaded)
  assert.equal(await pit.execute('left', { name: 'writes' }), ['written'])
})

test('CANCEL-05: an interrupt never lands in the next call', async () => {
  for (let round = 0; round < 150; round++) {
    const controller = new AbortController()
    const cancelled = pit.execute('bystander', {}, controller).catch(() => 'aborted')
    const innocent = pit.execute('bystander')
    if (round % 3 === 0) await pit.execute('left', { name: 'x' })
    controller.abort()
    assert.is(await innocent, 'unharmed')
    await cancelled
  }
  assert.equal(await pit.execute('loaded'), loaded)
})

test('CANCEL-05: aborting what has ended changes nothing', async () => {
  const controller = new AbortController()
  assert.is(await pit.execute('bystander', {}, controller), 'unharmed')
  controller.abort()
  assert.is(await pit.execute('bystander'), 'unharmed')
})

/** Waits until a tool has left behind exactly these marks. */
async function left(name: string, marks: readonly string[]): Promise<void> {
  let seen: string[] = []
  const reached = (async () => {
    while (seen.length < marks.length) seen = await pit.execute<string[]>('left', { name })
  })()
  await within(reached, `${name} to be left, there is ${seen}`, 5000)
  assert.equal(seen, marks)
}

test.run()
