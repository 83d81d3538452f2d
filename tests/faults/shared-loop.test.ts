// What a tool does to the loop, the context or the end of its call, as its neighbours and the host see it.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { PythonError, type SnakepitEvent } from '../../src/index.js'
import { all } from '../support/all.js'
import { failsWith, raises } from '../support/errors.js'
import { nothingEscaped } from '../support/escaped.js'
import { eventually } from '../support/eventually.js'
import { adapterOf, nextLog, openOne, pidOf } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { within } from '../support/within.js'

const adapter = adapterOf(import.meta.url, 'shared_loop.py')
const pit = await openOne(adapter, { concurrency: 4 })
test.after(() => pit.close())
test.after.each(nothingEscaped)

const events: SnakepitEvent[] = []
pit.events$.subscribe((event) => events.push(event))

test("PROC-03: argparse's SystemExit in a task ends its call, and no other on the loop", async () => {
  const pid = pidOf(pit)
  const beside = pit.execute('naps', { seconds: 0.3 })
  const error = await raises(pit.execute('parses', { arguments: ['--n', 'x'] }), 'SystemExit')
  assert.is(error.exception.message, '2')
  assert.is(await pit.execute('plain'), 'plain')
  assert.is(await within(pit.execute('naps', { seconds: 0 }), 'a later call', 5_000), 'unharmed')
  assert.equal(await pit.execute('parses', { arguments: ['--n', '3'] }), [{ n: 3 }, { n: null }])
  assert.is(await within(beside, 'the call beside it', 5_000), 'unharmed')
  assert.is(pidOf(pit), pid)
})

test('PROC-03: a loop that is broken takes its worker, and no call hangs', async () => {
  const own = await openOne(adapter, { concurrency: 4, restart: { backoff: 0 } })
  try {
    const beside = failsWith(own.execute('naps', { seconds: 60 }), 'worker_crashed')
    const error = await failsWith(own.execute('breaks_the_loop'), 'worker_crashed')
    assert.is(error.details.exitCode, 70)
    assert.match(String(error.details.lastLines), /the event loop is broken/)
    await within(beside, 'the call beside it', 5_000)
    assert.is(await within(own.execute('naps', { seconds: 0 }), 'the next worker', 20_000), 'unharmed')
  } finally {
    await own.close()
  }
})

for (const threads of [undefined, 1]) {
  test(`PROC-02, PROC-03: context variables of a call end with it, threads ${threads}`, async () => {
    const own = await openOne(adapter, threads === undefined ? {} : { threads })
    try {
      for (const name of ['alice', 'bob']) assert.is(await own.execute('says', { name }), 'nobody')
    } finally {
      await own.close()
    }
  })
}

test('CANCEL-02, ERR-02: what a cancelled tool raises is in its event, and its caller hears of the cancel alone', async () => {
  events.length = 0
  const logged = nextLog(pit, (log) => log.message.startsWith("tool 'saves'"))
  const there = nextLog(pit, 'there')
  const controller = new AbortController()
  const call = reasonOf(pit.execute('saves', {}, controller))
  await there
  controller.abort(new Error('enough'))
  assert.match(String(await call), /enough/)
  const error = await leftWith('saves')
  assert.instance(error, PythonError)
  assert.is(error?.message, 'ValueError: the checkpoint was not written')
  assert.ok((error as PythonError).traceback.includes('shared_loop.py'))
  const log = await logged
  assert.is(log.level, 'error')
  assert.match(log.message, /^tool 'saves', which was cancelled, raised ValueError: the checkpoint .*\nTraceback/)
})

test('CANCEL-02: so it is for a timeout', async () => {
  events.length = 0
  await failsWith(pit.execute('saves', {}, { timeout: 300 }), 'timeout')
  assert.is((await leftWith('saves'))?.message, 'ValueError: the checkpoint was not written')
})

for (const tool of ['streams', 'streams_async']) {
  test(`CANCEL-02: so it is for a stream that is broken off: ${tool}`, async () => {
    events.length = 0
    for await (const value of pit.stream<number>(tool).values()) if (value === 2) break
    assert.is((await leftWith(tool))?.message, 'ValueError: the checkpoint was not written')
  })
}

test('CANCEL-02: a tool that just leaves has no error in its event', async () => {
  events.length = 0
  const there = nextLog(pit, 'there')
  const controller = new AbortController()
  const call = reasonOf(pit.execute('leaves', {}, controller))
  await there
  controller.abort()
  await call
  assert.is(await leftWith('leaves'), undefined)
})

test('STREAM-02: what a decorator hides is told by the result, and a call that ran says so', async () => {
  assert.equal(
    (await all(pit.stream('counts'))).map(({ data }) => data),
    [0, 1, 2, null],
  )
  assert.is(await pit.execute('answers'), 5)
  const forValue = await failsWith(pit.execute('counts'), 'streaming_required', /`Iterator`/)
  const forChunks = await failsWith(all(pit.stream('answers')), 'streaming_not_supported', /returned a `int`/)
  assert.equal([forValue.mayHaveRun, forChunks.mayHaveRun], [true, true])
  const refused = await failsWith(all(pit.stream('plain')), 'streaming_not_supported')
  assert.is(refused.mayHaveRun, false)
})

async function leftWith(tool: string): Promise<Error | undefined> {
  const found = () => events.find((event) => event.type === 'call-left' && event.tool === tool)
  await eventually(() => found() !== undefined, `the call of ${tool} to be left`)
  const event = found()
  return event?.type === 'call-left' ? event.error : undefined
}

test.run()
