// What tools print and log reaches the host as log events, and never the wire.
import { filter, firstValueFrom, take, timeout, toArray } from 'rxjs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { WorkerLog } from '../../src/index.js'
import { all } from '../support/all.js'
import { adapterOf, openOne, patience } from '../support/pit.js'
import { within } from '../support/within.js'

const pit = await openOne(adapterOf(import.meta.url, 'prints.py'), { concurrency: 4, logs: { rate: Infinity } })
test.after(() => pit.close())
// The lines of the start are the first subscriber's.
pit.logs$.subscribe().unsubscribe()

test('PY-08: print, logging and stderr, with worker, call, level and source', async () => {
  const coming = logs(5)
  const call = await pit.execute<number>('prints')
  const seen = await coming
  assert.equal(
    seen.map(({ level, source, message }) => [level, source, message]).sort(),
    [
      ['debug', 'snakepit.tool', 'by the context'],
      ['error', 'vendor.lib', 'logged 2'],
      ['info', 'stdout', 'no newlinebytes \ufffd'],
      ['info', 'stdout', 'printed 1 line'],
      ['warning', 'stderr', 'to stderr'],
    ].sort(),
  )
  for (const { worker, call: of, time } of seen) {
    assert.is(worker, 'default-0')
    assert.is(of, call)
    assert.ok(Math.abs(Date.now() - time) < 60_000)
  }
})

test('PY-08: output of C code and of children', async () => {
  const coming = logs(3)
  await pit.execute('below_python')
  assert.equal((await coming).map(({ level, source, message }) => `${level} ${source} ${message}`).sort(), [
    'info stdout from C',
    'info stdout from a child',
    'warning stderr from C, loud',
  ])
})

test('PY-08: a tool that prints between its chunks, the handshake included, disturbs no chunk', async () => {
  const printed = firstValueFrom(pit.logs$.pipe(take(400), toArray(), timeout(patience)))
  const seen = await all(pit.stream('prints_between', { n: 200 }).values())
  assert.equal(
    seen,
    Array.from({ length: 200 }, (_, index) => index),
  )
  const lines = (await printed).map(({ message }) => message)
  assert.is(lines.filter((line) => line === '{"snakepit": 1}').length, 200)
  assert.ok(lines.includes('chunk 199'))
})

test('SEC-05, guarantee:G29: a line stays one line, and cannot forge others', async () => {
  const coming = logs(2)
  await pit.execute('forges')
  for (const { message } of await coming) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
    assert.not.match(message, /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029\u202e]/)
    assert.match(message, /^\\u001b\[2Ktwo\\u2028three|\\u001b\]52;c;Zm9v/)
  }
})

test('PY-08: ten megabytes of output are drained, and the worker serves on', async () => {
  await within(pit.execute('floods', { lines: 100_000 }), 'the flood', 20_000)
  const cut = firstValueFrom(
    pit.logs$.pipe(
      filter(({ message }) => message.startsWith('zzz')),
      timeout(patience),
    ),
  )
  await pit.execute('long_line', { size: 1_000_000 })
  assert.ok((await cut).message.length <= 8193)
})

test('PY-04: sync tools run on the main thread, async ones on the loop', async () => {
  assert.equal(await pit.execute('thread'), [true, 'MainThread'])
  assert.equal(await pit.execute('loop_thread'), [false, 'snakepit-loop'])
})

test('PY-06: name, description, parameters, types, defaults and schema are known to the host', () => {
  const tools = pit.workers()[0]?.info()?.tools ?? []
  const documented = tools.find(({ name }) => name === 'documented')
  assert.ok(documented)
  assert.match(documented.description, /^Reads rows\./)
  assert.is(documented.streaming, false)
  assert.equal(
    documented.parameters.map(({ name, type, required, description }) => ({ name, type, required, description })),
    [
      { name: 'path', type: 'str', required: true, description: 'the file to read' },
      { name: 'rows', type: 'int', required: false, description: 'how many' },
      { name: 'names', type: 'list[str] | None', required: false, description: '' },
    ],
  )
  assert.equal((documented.inputSchema as { required: unknown }).required, ['path'])
  const kinds = Object.fromEntries(tools.map(({ name, kind }) => [name, kind]))
  assert.is(kinds.loop_thread, 'coroutine')
  assert.is(kinds.prints_between, 'generator')
})

test('PY-08: a tool that breaks its own output is answered all the same', async () => {
  assert.is(await pit.execute('closes_stdout'), 'fine')
  assert.is(typeof (await pit.execute('call_id')), 'number')
})

function logs(count: number): Promise<WorkerLog[]> {
  return firstValueFrom(pit.logs$.pipe(take(count), toArray(), timeout(patience)))
}

test.run()
