// What the chunks of a stream are, in which order they come, and when.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { PythonError } from '../../src/index.js'
import { all } from '../support/all.js'
import { failsWith, isCoded, raises } from '../support/errors.js'
import { adapterOf, openOne } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { within } from '../support/within.js'

const pit = await openOne(adapterOf(import.meta.url, 'streams.py'), { concurrency: 8 })
test.after(() => pit.close())

test('STREAM-01, guarantee:G11: fifty thousand chunks in order, none lost, none doubled, one end', async () => {
  for (const tool of ['count', 'count_async']) {
    let expected = 0
    let finals = 0
    for await (const { seq, data, isFinal } of pit.stream<{ n: number }>(tool, { n: 50_000 })) {
      if (seq !== expected++) assert.is(seq, expected - 1)
      if (isFinal) finals++
      else if ((data as { n: number }).n !== seq) assert.is((data as { n: number }).n, seq)
    }
    assert.is(expected, 50_001)
    assert.is(finals, 1)
  }
})

test('STREAM-02: what streams must be streamed, what does not must not', async () => {
  const error = await failsWith(all(pit.stream('plain')), 'streaming_not_supported', /'plain' does not stream/)
  assert.is(error.mayHaveRun, false)
  await failsWith(pit.execute('count', { n: 1 }), 'streaming_required', /'count' streams/)
})

test('STREAM-02: a function that returns an iterator streams when it says so', async () => {
  const values = (await all(pit.stream('mapped', { n: 3 }))).map(({ data }) => data)
  assert.equal(values, ['0', '1', '2', null])
})

test('STREAM-03: StreamChunk brings its own metadata and marker; what follows the final chunk is never run', async () => {
  const [first, last, ...rest] = await all(pit.stream('marked'))
  assert.equal(rest, [])
  assert.equal(
    { ...first, metadata: { ...first?.metadata } },
    { data: { a: 1 }, isFinal: false, metadata: { k: '1' }, seq: 0 },
  )
  assert.equal(last?.data, { b: 2 })
  assert.is(last?.isFinal, true)
  assert.is(last?.metadata.last, 'True')
  assert.is(last?.metadata.synthetic_final, undefined)
})

test('STREAM-03: a dict with `is_final` is final when it says so', async () => {
  const chunks = await all(pit.stream('marked_dict'))
  assert.equal(
    chunks.map(({ isFinal }) => isFinal),
    [false, true],
  )
})

test('STREAM-04: without a marked chunk one is added, with the return value', async () => {
  const last = (await all(pit.stream('count', { n: 2 }))).at(-1)
  assert.is(last?.data, 2)
  assert.is(last?.isFinal, true)
  assert.is(last?.metadata.synthetic_final, 'true')
  const [only, ...rest] = await all(pit.stream('nothing'))
  assert.equal(rest, [])
  assert.equal([only?.data, only?.isFinal, only?.seq], [null, true, 0])
})

test('STREAM-05: the final chunk tells time, kind and worker', async () => {
  for (const tool of ['marked', 'count', 'count_async']) {
    const metadata = (await all(pit.stream(tool, tool === 'marked' ? {} : { n: 1 }))).at(-1)?.metadata
    assert.match(metadata?.execution_time_ms ?? '', /^\d+\.\d+$/)
    assert.is(metadata?.tool_type, 'remote')
    assert.is(metadata?.worker_id, 'default-0')
  }
})

for (const tool of ['gated', 'gated_async']) {
  test(`STREAM-06: a chunk is here before the next one is computed: ${tool}`, async () => {
    const iterator = pit.stream<string>(tool, { gate: tool })[Symbol.asyncIterator]()
    const first = await within(iterator.next(), 'the first chunk', 5000)
    assert.is(first.value?.data, 'first')
    const second = iterator.next()
    await pit.execute('open_gate', { name: tool })
    assert.is((await within(second, 'the second chunk', 5000)).value?.data, 'second')
    assert.is((await iterator.next()).value?.isFinal, true)
  })
}

test('STREAM-09: an exception comes after the chunks before it, with its traceback', async () => {
  const seen: number[] = []
  const error = await raises(
    (async () => {
      for await (const { seq } of pit.stream('raises_after', { n: 300 })) seen.push(seq)
    })(),
    'LookupError',
  )
  assert.is(seen.length, 300)
  assert.match(error.traceback, /raises_after[\s\S]*LookupError: the well is dry/)
})

test('STREAM-09: the same for who subscribes', async () => {
  let seen = 0
  const error = await new Promise((resolve, reject) => {
    pit.stream('raises_after', { n: 300 }).subscribe({ next: () => seen++, error: resolve, complete: () => reject() })
  })
  assert.instance(error, PythonError)
  assert.is(seen, 300)
})

test('STREAM-09: a chunk that cannot travel fails the stream at its place, by number', async () => {
  const seen: number[] = []
  const error = await reasonOf(
    (async () => {
      for await (const { seq } of pit.stream('unencodable', { n: 3 })) seen.push(seq)
    })(),
  )
  isCoded(error, 'unserializable_value', /chunk 3/)
  assert.equal(seen, [0, 1, 2])
})

test('STREAM-09: a generator that raises while it is closed harms nobody', async () => {
  for await (const _ of pit.stream('raises_on_close')) break
  assert.is(await pit.execute('plain'), 1)
})

test.run()
