// Eight kinds of tools that are to be left: how far each has to be pushed, that it cleans up, and that its slot comes back.
// timeout: 180 s
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { LeaveRung, SnakepitEvent } from '../../src/index.js'
import { eventually } from '../support/eventually.js'
import { Ledger } from '../support/ledger.js'
import { adapterOf, openOne } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { within } from '../support/within.js'

const cancelGrace = 1_000
const ledger = new Ledger()
const pit = await openOne(adapterOf(import.meta.url, 'eight.py'), {
  cancelGrace,
  env: ledger.env,
  restart: { backoff: 0 },
  queueTimeout: 12_000,
})
test.after(() => pit.close())
const events: SnakepitEvent[] = []
pit.events$.subscribe((event) => events.push(event))

interface Kind {
  readonly tool: string
  readonly rungs: readonly LeaveRung[]
  /** It gets to its cleanup; how fast is measured elsewhere. */
  readonly cleansUp?: true
  /** It is a stream, of which so many chunks are taken first. */
  readonly taken?: number
}

const kinds: readonly Kind[] = [
  { tool: 'awaits', rungs: ['closed', 'interrupted'], cleansUp: true },
  { tool: 'async_generator', rungs: ['closed', 'interrupted'], cleansUp: true, taken: 1 },
  { tool: 'generator', rungs: ['closed', 'interrupted'], cleansUp: true, taken: 3 },
  { tool: 'blocked_generator', rungs: ['closed'], cleansUp: true, taken: 1 },
  { tool: 'sleeps', rungs: ['interrupted'], cleansUp: true },
  { tool: 'loops_on_the_loop', rungs: ['thrown'], cleansUp: true },
  { tool: 'waits_in_c', rungs: ['replaced', 'interrupted'] },
  { tool: 'holds_the_gil', rungs: ['replaced'] },
  { tool: 'hides_everything', rungs: ['replaced'] },
]

for (const { tool, rungs, cleansUp, taken } of kinds) {
  for (const why of ['abort', 'timeout'] as const) {
    test(`CANCEL-01, CANCEL-02, guarantee:G15: ${tool}, left by ${why}: its rung is told, its slot comes back`, async () => {
      events.length = 0
      const before = await pit.execute<number>('pid')
      const counted = pit.stats().cancels
      const earlier = ledger.lines('cleanup').length
      const begun = ledger.lines(`begin ${tool}`).length
      const controller = new AbortController()
      const options = why === 'abort' ? { signal: controller.signal } : { timeout: 400 }
      const call = taken === undefined ? pit.execute(tool, {}, options) : take(tool, options, taken)
      const ended = reasonOf(call)
      await ledger.has(`begin ${tool}`, begun + 1)
      if (why === 'abort') controller.abort(new Error('enough'))
      const error = await within(ended, 'the end for the caller', 2_000)
      assert.match(String(error), why === 'abort' ? /enough/ : /did not end within 400 ms/)

      if (cleansUp) {
        await eventually(() => ledger.lines('cleanup').length > earlier, `the cleanup of ${tool}`, 2_000)
        assert.is(ledger.lines('cleanup').at(-1), `cleanup ${tool}`)
      }
      const after = await within(pit.execute<number>('pid'), 'a free slot', 12_000)
      const rung = leftBy(tool)
      assert.ok(rungs.includes(rung), `${tool} was left by ${rung}`)
      assert.is(pit.stats().cancels[rung], counted[rung] + 1)
      assert.is(after !== before, rung === 'replaced')
      if (rung !== 'replaced') return
      const told = events.map(({ type }) => type)
      for (const type of ['worker-stopping', 'worker-exited', 'worker-ready'])
        assert.ok(told.includes(type as never), type)
    })
  }
}

test('CANCEL-01: a call that had not begun is not begun', async () => {
  const wide = await openOne(adapterOf(import.meta.url, 'eight.py'), { concurrency: 2, env: ledger.env })
  try {
    const controller = new AbortController()
    const first = reasonOf(wide.execute('sleeps', {}, { signal: controller.signal }))
    await ledger.has('begin sleeps', 3)
    // It waits in Python: the main thread runs one after the other.
    const second = reasonOf(wide.execute('sleeps', {}, { signal: controller.signal }))
    await new Promise((resolve) => setImmediate(resolve))
    controller.abort()
    await Promise.all([first, second])
    await eventually(() => wide.stats().running === 0, 'both to be left')
    assert.equal([wide.stats().cancels.not_started, wide.stats().cancels.interrupted], [1, 1])
    assert.is(ledger.lines('begin sleeps').length, 3)
  } finally {
    await wide.close()
  }
})

async function take(tool: string, options: object, count: number): Promise<void> {
  const chunks = pit.stream(tool, {}, options)[Symbol.asyncIterator]()
  for (let left = count; left > 0; left--) await chunks.next()
  // A reader that does something else meanwhile.
  await eventually(
    () => events.some((event) => event.type === 'call-left' && event.tool === tool),
    'the call to be left',
  )
  await chunks.next()
}

function leftBy(tool: string): LeaveRung {
  const event = events.find((each) => each.type === 'call-left' && each.tool === tool)
  if (event?.type !== 'call-left') throw new Error(`no event tells that ${tool} was left`)
  return event.rung
}

test.run()
