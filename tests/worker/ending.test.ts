// A worker ends as an ordinary Python process, whoever ends it, and within the time of the stop ladder.
// timeout: 300 s
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { SnakepitEvent, WorkerLog } from '../../src/index.js'
import { eventually } from '../support/eventually.js'
import { adapterOf, openOne } from '../support/pit.js'
import { temporaryFolder } from '../support/temporary.js'

const adapter = adapterOf(import.meta.url, 'closes_nothing.py')

const ends: [string, { drain?: number }, (pit: Awaited<ReturnType<typeof openOne>>) => Promise<unknown>][] = [
  ['close()', {}, (pit) => pit.close()],
  ['close({ drain: 0 })', {}, (pit) => pit.close({ drain: 0 })],
  ['recycling', {}, (pit) => pit.execute('ping')],
]
for (const [name, options, end] of ends) {
  test(`PROC-01: ${name}: files are closed, \`atexit\` runs, threads are waited for, and what they print is seen`, async () => {
    const folder = temporaryFolder()
    const recycle = name === 'recycling' ? { recycle: { maxCalls: 2 } } : {}
    const pit = await openOne(adapter, { ...options, ...recycle })
    const { logs, events } = watch(pit)
    try {
      await pit.execute('leaves_all_open', { folder })
      await end(pit)
      await eventually(() => events.some(({ type }) => type === 'worker-exited'), 'the end of the worker')
      const texts = readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')])
      assert.equal(Object.fromEntries(texts), { rows: '1,2,3\n', atexit: 'called', thread: 'done' })
      await eventually(() => logs.some(({ message }) => message === 'said at exit'), 'what `atexit` printed')
      const exit = events.find((event) => event.type === 'worker-exited')
      assert.equal(exit?.type === 'worker-exited' && [exit.exitCode, exit.signal, exit.error], [
        0,
        undefined,
        undefined,
      ])
    } finally {
      await pit.close()
    }
  })
}

for (const how of ['thread', 'atexit', 'gil', 'finalizer']) {
  test(`PROC-01, CLEAN-02, guarantee:G7: an end that hangs (${how}) is cut short, and \`close\` ends within 3 s`, async () => {
    const pit = await openOne(adapter)
    const { logs } = watch(pit)
    await pit.execute('hangs_in_the_end', { how })
    const began = performance.now()
    await pit.close({ drain: 0 })
    assert.ok(performance.now() - began < 3_000, `${performance.now() - began} ms`)
    if (how === 'gil' || how === 'finalizer') return
    const told = logs.find(({ message }) => message.startsWith('the end of this worker took too long'))
    assert.match(told?.message ?? '', /closes_nothing\.py:\d+ in waits_for_ever$/)
  })
}

function watch(pit: Awaited<ReturnType<typeof openOne>>) {
  const logs: WorkerLog[] = []
  const events: SnakepitEvent[] = []
  pit.logs$.subscribe((log) => logs.push(log))
  pit.events$.subscribe((event) => events.push(event))
  return { logs, events }
}

test.run()
