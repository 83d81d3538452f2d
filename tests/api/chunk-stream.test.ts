// A ChunkStream is cold: nothing happens until it is read, and each reading is a call of its own.
import { firstValueFrom, map, merge, of, repeat, retry, share, switchMap, take, takeWhile, toArray } from 'rxjs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { SnakepitError } from '../../src/index.js'
import { all } from '../support/all.js'
import { adapterOf, openOne } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { within } from '../support/within.js'

interface Book {
  readonly starts: number
  readonly yields: number
  readonly ends: readonly string[]
}

const pit = await openOne(adapterOf(import.meta.url, 'streams.py'), { concurrency: 8 })
test.after(() => pit.close())
const book = (name: string) => pit.execute<Book>('ledger', { name })
const counting = (name: string, n = 3) => pit.stream<{ n: number }, number>('count', { n, name })

test('API-03: an AsyncIterable and an Observable in one', async () => {
  const stream = counting('both')
  const iterated: unknown[] = []
  for await (const chunk of stream) iterated.push([chunk.seq, chunk.isFinal, chunk.data])
  const observed = await firstValueFrom(
    stream.pipe(
      map((chunk) => [chunk.seq, chunk.isFinal, chunk.data]),
      toArray(),
    ),
  )
  assert.equal(iterated, [
    [0, false, { n: 0 }],
    [1, false, { n: 1 }],
    [2, false, { n: 2 }],
    [3, true, 3],
  ])
  assert.equal(observed, iterated)
})

test('API-04: nothing happens until it is read; each loop and each subscription is a call', async () => {
  const stream = counting('cold')
  assert.is((await book('cold')).starts, 0)
  for await (const _ of stream);
  for await (const _ of stream.values());
  await firstValueFrom(stream.pipe(toArray()))
  await firstValueFrom(stream.pipe(toArray()))
  assert.is((await book('cold')).starts, 4)
})

test('API-04: an iterator that is made and never read makes no call', async () => {
  const iterator = counting('unread')[Symbol.asyncIterator]()
  assert.equal(await iterator.return?.(), { done: true, value: undefined })
  assert.equal(await iterator.next(), { done: true, value: undefined })
  assert.is((await book('unread')).starts, 0)
})

test('API-04: retry calls again', async () => {
  const stream = pit.stream<number>('fails_until', { name: 'retry', times: 2 })
  const seen = await firstValueFrom(
    stream.pipe(
      retry(5),
      map((chunk) => chunk.data),
      toArray(),
    ),
  )
  assert.equal(seen, [1, 2, 3, null])
  assert.is((await book('retry')).starts, 3)
})

test('API-04: repeat calls again', async () => {
  await firstValueFrom(counting('repeat').pipe(repeat(3), toArray()))
  assert.is((await book('repeat')).starts, 3)
})

test('API-04: share makes one call for many', async () => {
  const shared = counting('share').pipe(share())
  const both = await Promise.all([firstValueFrom(shared.pipe(toArray())), firstValueFrom(shared.pipe(toArray()))])
  assert.equal(both[0], both[1])
  assert.is((await book('share')).starts, 1)
})

test('API-04, API-06: switchMap leaves the call before', async () => {
  const source = of('switch-a', 'switch-b').pipe(
    switchMap((name) => (name === 'switch-a' ? pit.stream('silent', { name }) : counting(name))),
  )
  const seen = await within(firstValueFrom(source.pipe(toArray())), 'the second stream', 5000)
  assert.is(seen.length, 4)
  assert.is((await book('switch-b')).starts, 1)
})

test('API-04, API-06: takeWhile and take close the generator', async () => {
  const early = counting('take-while', 1 << 30).pipe(takeWhile((chunk) => chunk.seq < 10))
  assert.is((await firstValueFrom(early.pipe(toArray()))).length, 10)
  await firstValueFrom(counting('take', 1 << 30).pipe(take(1)))
  // Sync tools run one after the other: when this one is answered, those before it are over.
  await pit.execute('plain')
  assert.equal((await book('take-while')).ends, ['closed'])
  assert.equal((await book('take')).ends, ['closed'])
})

test('API-04: streams side by side keep their chunks apart', async () => {
  const streams = [3, 50, 700].map((n) => pit.stream<{ n: number }>('count_async', { n, name: 'merge' }))
  const seen = await firstValueFrom(merge(...streams).pipe(toArray()))
  assert.is(seen.length, 3 + 50 + 700 + 3)
})

test('API-05: values() are the yields, without the chunk that the library adds', async () => {
  assert.equal(await all(counting('values').values()), [{ n: 0 }, { n: 1 }, { n: 2 }])
  assert.equal(await all(pit.stream('marked').values()), [{ a: 1 }, { b: 2 }])
})

test('API-05: toReadable() reads like any web stream, and cancelling it closes the generator', async () => {
  const seen: unknown[] = []
  for await (const chunk of counting('readable').toReadable()) seen.push(chunk.seq)
  assert.equal(seen, [0, 1, 2, 3])
  const reader = counting('readable-cancel', 1 << 30)
    .toReadable()
    .getReader()
  assert.is((await reader.read()).value?.seq, 0)
  await within(reader.cancel(), 'the cancel', 1000)
  await pit.execute('plain')
  assert.equal((await book('readable-cancel')).ends, ['closed'])
})

test('API-05, API-06: a silent web stream can be cancelled', async () => {
  const reader = pit.stream('silent', { name: 'readable-silent' }).toReadable().getReader()
  const reading = reader.read()
  await started('readable-silent')
  await within(reader.cancel(), 'the cancel', 1000)
  assert.is((await within(reading, 'the end of the read', 1000)).done, true)
})

test('API-04: iterator misuse: many readers at once, throw(), reading after the end', async () => {
  const iterator = counting('misuse', 50)[Symbol.asyncIterator]()
  const results = await Promise.all(Array.from({ length: 100 }, () => iterator.next()))
  assert.equal(
    results.slice(0, 51).map(({ value }) => value?.seq),
    Array.from({ length: 51 }, (_, seq) => seq),
  )
  assert.ok(results.slice(51).every(({ done, value }) => done === true && value === undefined))
  const thrown = counting('misuse', 50)[Symbol.asyncIterator]()
  await thrown.next()
  const reason = new Error('enough')
  assert.is(await reasonOf(thrown.throw?.(reason) ?? Promise.resolve()), reason)
  assert.equal(await thrown.next(), { done: true, value: undefined })
})

test('API-03: an error is told once, then the iteration is over', async () => {
  const iterator = pit.stream('plain')[Symbol.asyncIterator]()
  assert.is(((await reasonOf(iterator.next())) as SnakepitError).code, 'streaming_not_supported')
  assert.equal(await iterator.next(), { done: true, value: undefined })
})

async function started(name: string): Promise<void> {
  while ((await book(name)).starts === 0);
}

test.run()
