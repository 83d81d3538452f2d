// Results, chunks and exceptions that no tool should give: each ends its own call with a typed error, and nothing else.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { PythonError } from '../../src/index.js'
import { failsWith, isCoded } from '../support/errors.js'
import { nothingEscaped } from '../support/escaped.js'
import { adapterOf, openOne } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { sparesTheWorker } from './harmless.js'

const pit = await openOne(adapterOf(import.meta.url, 'results.py'), { barrier: false, restart: { backoff: 0 } })
test.after(() => pit.close())
test.after.each(nothingEscaped)

const unserializable: [string, RegExp][] = [
  ['an object', /`results\.Opaque`.*to_dict\(\).*\$\.rows\[0\]/],
  ['itself', /Pretender\.to_dict\(\)` returns the object itself/],
  ['a ring', /`list` contains itself/],
  ['a deep list', /nested too deep/],
  ['a file', /`_io\.TextIOWrapper`/],
  ['a lock', /`_thread\.lock`/],
  ['a class', /`type`/],
  ['a coroutine function', /`function`/],
]
for (const [what, message] of unserializable) {
  test(`PAYLOAD-04, ERR-01: a result that is ${what} is unserializable_value, with its place`, async () => {
    await sparesTheWorker(pit, async () => {
      const error = await failsWith(pit.execute('gives', { what }), 'unserializable_value', message)
      assert.is(error.mayHaveRun, true)
      assert.match(String(error.details.path), /^\$/)
      assert.ok(error.message.length < 1000)
    })
  })
}

test('STREAM-02: a result that is a generator is no value: its chunks have to be asked for', async () => {
  await sparesTheWorker(pit, async () => {
    await failsWith(pit.execute('gives', { what: 'a generator' }), 'streaming_required', /hint an `Iterator`/)
  })
})

/** How tools leave, and the class that arrives: what a coroutine and a generator may not raise, Python renames. */
const ways: [string, RegExp][] = [
  ['SystemExit', /^SystemExit$/],
  ['KeyboardInterrupt', /^KeyboardInterrupt$/],
  ['StopIteration', /^(StopIteration|RuntimeError)$/],
  ['StopAsyncIteration', /^(StopAsyncIteration|RuntimeError)$/],
  ['GeneratorExit', /^GeneratorExit$/],
  ['MemoryError', /^MemoryError$/],
  ['RecursionError', /^RecursionError$/],
  ['Own', /^results\.Own$/],
  ['Mute', /^results\.Mute$/],
  ['ten megabytes', /^ValueError$/],
  ['a thousand notes', /^ValueError$/],
  ['a long chain', /^ValueError$/],
]
for (const [way, type] of ways) {
  test(`ERR-02, guarantee:G20: a tool that leaves by ${way}, on either thread, ends its call and no other`, async () => {
    await sparesTheWorker(pit, async () => {
      for (const tool of ['leaves_by', 'leaves_the_loop_by']) raised(await reasonOf(pit.execute(tool, { way })), type)
      for (const tool of ['stream_leaves_by', 'loop_stream_leaves_by']) {
        const chunks = pit.stream(tool, { way })[Symbol.asyncIterator]()
        assert.is((await chunks.next()).value?.data, 1)
        raised(await reasonOf(chunks.next()), type)
        assert.equal(await chunks.next(), { done: true, value: undefined })
      }
    })
  })
}

test('ERR-02: an exception that has no words is told by its class', async () => {
  const error = await failsWith(pit.execute('leaves_by', { way: 'Mute' }), 'python_error')
  assert.is(error.message, 'results.Mute: <its text could not be made: RuntimeError>')
})

test('STREAM-09, CANCEL-02: a generator that does not stop, raises or yields in its `finally` harms nobody', async () => {
  for (const tool of ['never_stops', 'raises_in_finally', 'yields_in_finally']) {
    await sparesTheWorker(pit, async () => {
      for await (const _ of pit.stream(tool)) break
    })
  }
  assert.equal(await dataOf('yields_in_finally'), [1, 2, null])
})

test('STREAM-01, guarantee:G11: a hundred thousand items of nothing, all told, in order', async () => {
  const nothings = [new Uint8Array(0), '', [], {}, null]
  let count = 0
  for await (const data of pit.stream('empty_items', { n: 100_000 }).values()) {
    const nothing = nothings[count++ % 5]
    if (count < 100) assert.equal(data, nothing)
    else if (typeof data !== 'object') assert.is(data, nothing)
  }
  assert.is(count, 100_000)
})

test('PAYLOAD-03: items of 16 MB and more, beyond the window and beyond a frame', async () => {
  for (const size of [0, 2 ** 24 - 1, 2 ** 24, 2 ** 25]) {
    const [item] = await dataOf('large_item', { size })
    assert.is((item as Uint8Array).length, size)
  }
})

test('STREAM-02: an iterator that cannot be iterated, and what only looks like a chunk', async () => {
  await sparesTheWorker(pit, async () => {
    const error = await reasonOf(dataOf('only_next'))
    isCoded(error, 'python_error', /'only_next' streams, but returned a `_OnlyNext`: return an iterator/)
    isCoded(await reasonOf(dataOf('fake_chunk')), 'unserializable_value', /chunk 0.*`results\._Fake`/)
  })
})

test('STREAM-05, STREAM-10: 60 kB of final metadata pass, a megabyte of progress is refused by name', async () => {
  await sparesTheWorker(pit, async () => {
    const chunks = pit.stream('large_metadata', { size: 60_000 })[Symbol.asyncIterator]()
    assert.is((await chunks.next()).value?.metadata.m?.length, 60_000)
    await failsWith(pit.execute('large_progress', { size: 1_000_000 }), 'value_too_large', /progress.*limit of 65536/)
  })
})

// A frame above what gRPC passes would end the worker, and with it the calls of others.
test('SEC-03: final metadata that is too large is refused by name, and harms no other call', async () => {
  const error = await sparesTheWorker(pit, () => reasonOf(dataOf('large_metadata', { size: 20_000_000 })))
  isCoded(error, 'value_too_large', /metadata/)
})

test('PAYLOAD-04, ERR-04: a dict whose keys the host cannot read fails its own call', async () => {
  const error = await sparesTheWorker(pit, () => reasonOf(pit.execute('gives', { what: 'an odd key' })))
  assert.match((error as { code: string }).code, /^(undecodable_value|unserializable_value)$/)
})

function raised(error: unknown, type: RegExp): void {
  assert.instance(error, PythonError, String(error))
  const { code, type: name, message, traceback } = error as PythonError
  assert.is(code, 'python_error')
  assert.match(name, type)
  assert.ok(message.length < 100_000 && traceback.length < 200_000, `${message.length}, ${traceback.length}`)
}

async function dataOf(tool: string, args: object = {}): Promise<unknown[]> {
  const data: unknown[] = []
  for await (const chunk of pit.stream(tool, { ...args })) data.push(chunk.data)
  return data
}

test.run()
