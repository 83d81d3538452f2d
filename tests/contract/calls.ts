// What a call promises, whatever reaches the tool: the body that runs over every subject.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { PythonError } from '../../src/errors/python-error.js'
import { all } from '../support/all.js'
import { reasonOf, rejection } from '../support/rejection.js'
import { same, values } from '../support/values.js'
import { within } from '../support/within.js'
import type { Host, Subject } from './subject.js'

/** Adds the tests for one subject. The host is opened once, at the first test, and closed behind the last one. */
export function callContract(subject: Subject): void {
  const { name, raisedCode, marks } = subject
  let opened: Promise<Host> | undefined
  const host = () => {
    opened ??= subject.open()
    return within(opened, 'the open host', 60_000)
  }

  test(`API-02, PAYLOAD-01: ${name}: values of all kinds come back as they were`, async () => {
    const pit = await host()
    await fc.assert(
      fc.asyncProperty(values(), async (value) => same(await pit.execute('echo', { value }), value)),
      { numRuns: 200 },
    )
  })

  test(`API-02, WIRE-06: ${name}: many calls at once each get their own answer`, async () => {
    const pit = await host()
    const sums = await Promise.all(Array.from({ length: 200 }, (_, index) => pit.execute('add', { a: index, b: 1 })))
    assert.equal(
      sums,
      Array.from({ length: 200 }, (_, index) => index + 1),
    )
  })

  test(`PAYLOAD-03: ${name}: a value of many parts comes back whole`, async () => {
    const pit = await host()
    const value = new Uint8Array(5 * 1024 * 1024 + 3).map((_, index) => index)
    assert.ok(same(await pit.execute('echo', { value }), value))
  })

  test(`ERR-01, ERR-02: ${name}: what a tool raises rejects with its text`, async () => {
    const error = await rejection((await host()).execute('refuse', { message: 'no such epoch' }), raisedCode)
    assert.match(error.message, /no such epoch/)
    assert.ok(error.mayHaveRun)
    if (raisedCode === 'python_error') assert.ok(error instanceof PythonError && error.is('ValueError'))
  })

  test(`ERR-01, STREAM-02: ${name}: a call that cannot be is refused before the tool runs`, async () => {
    const pit = await host()
    assert.match((await rejection(pit.execute('ecko'), 'tool_not_found')).message, /'echo'/)
    await rejection(pit.execute('count', { n: 1 }), 'streaming_required')
    await rejection(first(pit.stream('add', { a: 1, b: 2 })), 'streaming_not_supported')
  })

  test(`CANCEL-04, ERR-03: ${name}: an abort of a call rejects at once with the signal's reason, and leaves the tool`, async () => {
    const pit = await host()
    const abort = new AbortController()
    const reason = { why: 'enough' }
    const call = pit.execute('waits', {}, { signal: abort.signal })
    call.catch(() => undefined)
    abort.abort(reason)
    assert.is(await reasonOf(call), reason)
    assert.is(await within(pit.execute('add', { a: 1, b: 2 }), 'the next call'), 3)
    assert.is(await reasonOf(pit.execute('add', { a: 1, b: 2 }, { signal: AbortSignal.abort(reason) })), reason)
  })

  test(`CANCEL-04: ${name}: a timeout ends a call and leaves the tool`, async () => {
    const pit = await host()
    await rejection(pit.execute('waits', {}, { timeout: 50 }), 'timeout')
    assert.is(await within(pit.execute('add', { a: 1, b: 2 }), 'the next call'), 3)
  })

  for (const window of [1, 3, 256, { items: 1, bytes: 1 }]) {
    test(`STREAM-01, STREAM-07: ${name}: order is kept under a window of ${JSON.stringify(window)}`, async () => {
      const chunks = await all((await host()).stream<{ n: number }>('count', { n: 100 }, { window }))
      assert.equal(
        chunks.map(({ seq, isFinal }) => [seq, isFinal]),
        Array.from({ length: 101 }, (_, seq) => [seq, seq === 100]),
      )
      assert.equal(
        chunks.slice(0, -1).map(({ data }) => data),
        Array.from({ length: 100 }, (_, n) => ({ n })),
      )
    })
  }

  test(`STREAM-04, STREAM-05: ${name}: an unmarked stream ends with a chunk that was added, and tells its facts`, async () => {
    const chunks = await all((await host()).stream('count', { n: 2 }))
    const last = chunks.at(-1)
    assert.is(last?.data, null)
    assert.is(last?.metadata.synthetic_final, 'true')
    assert.is(last?.metadata.tool_type, 'remote')
    assert.ok(last?.metadata.worker_id)
    assert.ok(Number(last?.metadata.execution_time_ms) >= 0)
    assert.equal({ ...chunks[0]?.metadata }, {})
  })

  test(`STREAM-04: ${name}: what a generator returns is the data of its final chunk`, async () => {
    const chunks = await all((await host()).stream<number, { total: number }>('returns', { n: 3 }))
    assert.equal(
      chunks.map(({ data }) => data),
      [0, 1, 2, { total: 3 }],
    )
  })

  test(`STREAM-04: ${name}: a stream of nothing is a final chunk`, async () => {
    const chunks = await all((await host()).stream('count', { n: 0 }))
    assert.equal(
      chunks.map(({ seq, isFinal, data }) => [seq, isFinal, data]),
      [[0, true, null]],
    )
  })

  if (marks) {
    test(`STREAM-03: ${name}: a chunk that the tool marks is the final one, with its metadata`, async () => {
      const chunks = await all((await host()).stream('marked', { n: 2 }))
      assert.equal(
        chunks.map(({ data, isFinal }) => [data, isFinal]),
        [
          [0, false],
          [1, false],
          ['done', true],
        ],
      )
      assert.is(chunks.at(-1)?.metadata.kind, 'last')
      assert.is(chunks.at(-1)?.metadata.synthetic_final, undefined)
    })
  }

  test(`PAYLOAD-01, API-05: ${name}: chunks of all kinds arrive as they were yielded`, async () => {
    const pit = await host()
    await fc.assert(
      fc.asyncProperty(fc.array(values(), { maxLength: 12 }), async (items) => {
        return same(await all(pit.stream('values', { items }).values()), items)
      }),
      { numRuns: 60 },
    )
  })

  test(`STREAM-08, PAYLOAD-02: ${name}: large chunks pass, one at a time and many at once`, async () => {
    const pit = await host()
    for (const [n, size] of [
      [40, 1_000],
      [10, 300_000],
      [3, 3_000_000],
    ] as const) {
      for (const window of [1, { items: 100, bytes: 1 }, { items: 100, bytes: 50_000_000 }]) {
        const chunks = await all(pit.stream<Uint8Array>('blobs', { n, size }, { window }))
        const blobs = chunks.slice(0, -1).map(({ data }) => data as Uint8Array)
        assert.is(blobs.length, n)
        assert.ok(blobs.every((blob, index) => blob.length === size && blob.every((byte) => byte === index)))
      }
    }
  })

  test(`STREAM-01, PAYLOAD-03: ${name}: small and large chunks in turn keep their order`, async () => {
    const pit = await host()
    const large = new Uint8Array(2 * 1024 * 1024 + 1)
    const items = [1, 2, large, 3, 4, large, large, 5, 6, 7, large, 8]
    for (const window of [1, { items: 100, bytes: 50_000_000 }]) {
      assert.ok(same(await all(pit.stream('values', { items }, { window }).values()), items))
    }
  })

  test(`STREAM-09: ${name}: an error comes behind the chunks that were before it`, async () => {
    const seen: unknown[] = []
    const stream = (await host()).stream('fail', { after: 5, message: 'epoch 5' })
    const error = await rejection(
      (async () => {
        for await (const { data } of stream) seen.push(data)
      })(),
      raisedCode,
    )
    assert.match(error.message, /epoch 5/)
    assert.equal(seen, [0, 1, 2, 3, 4])
  })

  test(`API-06, CANCEL-02, STREAM-07: ${name}: leaving a stream early closes the generator within the window`, async () => {
    const pit = await host()
    for (const window of [1, 4]) {
      const seen: unknown[] = []
      for await (const { seq } of pit.stream('count', { n: 1_000_000 }, { window })) {
        seen.push(seq)
        if (seq === 9) break
      }
      const { produced, left } = await pit.execute<{ produced: number; left: number }>('facts')
      assert.is(left, 1, 'finally has run')
      assert.ok(produced >= 10 && produced <= 10 + window, `${produced} items produced`)
    }
  })

  test(`API-06, CANCEL-01, CANCEL-02, ERR-03: ${name}: a silent stream is left at once by its signal`, async () => {
    const pit = await host()
    const abort = new AbortController()
    const chunks = pit.stream('silent', {}, { signal: abort.signal })[Symbol.asyncIterator]()
    assert.is((await within(chunks.next(), 'the first chunk')).value?.data, 'here')
    const pending = chunks.next()
    pending.catch(() => undefined)
    const reason = new Error('enough')
    abort.abort(reason)
    assert.is(await reasonOf(pending), reason)
    assert.equal(await chunks.next(), { done: true, value: undefined })
    assert.equal(await within(pit.execute('facts'), 'the next call'), { produced: 1, left: 1 })
  })

  test(`API-06, CANCEL-02: ${name}: return() leaves a silent stream while a next() waits`, async () => {
    const pit = await host()
    const chunks = pit.stream('silent')[Symbol.asyncIterator]()
    await within(chunks.next(), 'the first chunk')
    const pending = chunks.next()
    assert.equal(await within(chunks.return?.() as Promise<unknown>, 'the return'), { done: true, value: undefined })
    assert.equal(await within(pending, 'the waiting next'), { done: true, value: undefined })
    assert.equal(await within(pit.execute('facts'), 'the next call'), { produced: 1, left: 1 })
  })

  test(`STREAM-11: ${name}: a silent stream ends with idle_timeout, and the tool is left`, async () => {
    const pit = await host()
    const chunks = pit.stream('silent', {}, { idleTimeout: 60 })[Symbol.asyncIterator]()
    await within(chunks.next(), 'the first chunk')
    await rejection(chunks.next(), 'idle_timeout')
    assert.equal(await within(pit.execute('facts'), 'the next call'), { produced: 1, left: 1 })
  })

  test(`STREAM-10: ${name}: progress is told apart from the chunks`, async () => {
    const seen: unknown[] = []
    const chunks = await all(
      (await host()).stream('steps', { n: 3 }, { window: 1, onProgress: (value) => seen.push(value) }),
    )
    assert.is(chunks.length, 4)
    assert.equal(
      seen.map((value) => (value as { step: number }).step),
      [0, 1, 2],
    )
  })

  test(`API-04: ${name}: each iteration of a stream is a call of its own`, async () => {
    const stream = (await host()).stream('count', { n: 3 })
    for (const _ of [1, 2]) assert.is((await all(stream)).length, 4)
  })

  test(`API-01: ${name}: it closes`, async () => {
    await within((await host())[Symbol.asyncDispose]() as Promise<void>, 'the close', 30_000)
  })
}

async function first(items: AsyncIterable<unknown>): Promise<unknown> {
  for await (const item of items) return item
  return undefined
}
