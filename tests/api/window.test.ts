// How far Python may be ahead: never more than the window, in items and in bytes, however slow the reader.
import { setImmediate as turn } from 'node:timers/promises'
import { concatMap, lastValueFrom, take, toArray } from 'rxjs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { toAsyncIterable } from '../../src/index.js'
import { isCoded } from '../support/errors.js'
import { adapterOf, openOne, pidOf } from '../support/pit.js'
import { residentOf } from '../support/processes.js'
import { reasonOf, thrown } from '../support/rejection.js'
import { within } from '../support/within.js'

interface Book {
  readonly yields: number
}

const pit = await openOne(adapterOf(import.meta.url, 'streams.py'), { concurrency: 8 })
test.after(() => pit.close())
const yields = async (name: string) => (await pit.execute<Book>('ledger', { name })).yields

for (const tool of ['count', 'count_async']) {
  for (const window of [1, 2, 3, 16, { items: 5 }, { items: 256 }]) {
    test(`STREAM-07: never more than the window ahead: ${tool}, ${JSON.stringify(window)}`, async () => {
      const items = typeof window === 'number' ? window : window.items
      const name = `${tool} ${JSON.stringify(window)}`
      const iterator = pit.stream(tool, { n: 1 << 30, name }, { window })[Symbol.asyncIterator]()
      let taken = 0
      let furthest = 0
      for (let round = 0; round < 40; round++) {
        await iterator.next()
        taken++
        if (round % 8 === 0) furthest = Math.max(furthest, (await settled(name)) - taken)
      }
      await iterator.return?.()
      // The window counts what was sent; one more item waits in the producer's hands while it waits for credit.
      assert.ok(furthest <= items, `${furthest} ahead of a window of ${items}`)
    })
  }
}

test('STREAM-07, guarantee:G16: the window counts bytes too, and one larger chunk still passes', async () => {
  const bytes = 100_000
  const stream = pit.stream('blobs', { n: 1000, size: 30_000, name: 'bytes' }, { window: { bytes } })
  const iterator = stream[Symbol.asyncIterator]()
  await iterator.next()
  assert.ok((await settled('bytes')) <= 1 + Math.ceil(bytes / 30_000))
  await iterator.return?.()
  const large = pit.stream<Uint8Array>('blobs', { n: 3, size: 500_000 }, { window: { bytes: 1000 } })
  const sizes: number[] = []
  for await (const block of large.values()) sizes.push(block.length)
  assert.equal(sizes, [500_000, 500_000, 500_000])
})

test('STREAM-07: a window of 1 gives every chunk, in order', async () => {
  let expected = 0
  for await (const { seq } of pit.stream('count', { n: 2000 }, { window: 1 })) assert.is(seq, expected++)
  assert.is(expected, 2001)
})

test('STREAM-07: a stream that nobody reads on holds up nobody', async () => {
  const paused = pit.stream('count_async', { n: 1 << 30, name: 'paused' })[Symbol.asyncIterator]()
  await paused.next()
  for (let index = 0; index < 50; index++) await within(pit.execute('ledger', { name: 'x' }), 'another call', 2000)
  assert.ok((await yields('paused')) <= 257 + 128)
  await paused.return?.()
})

test('STREAM-08: memory stays flat on both sides over a hundred thousand chunks and 200 MB', async () => {
  const read = async (n: number, size: number) => {
    for await (const _ of pit.stream('blobs', { n, size, name: 'flat' }));
  }
  await read(5000, 4096)
  const before = [process.memoryUsage().rss, residentOf(pidOf(pit))] as const
  await read(50_000, 4096)
  await read(50_000, 16)
  const growth = [process.memoryUsage().rss - before[0], residentOf(pidOf(pit)) - before[1]] as const
  assert.ok(growth[0] < 100e6, `Node grew by ${growth[0]}`)
  assert.ok(growth[1] < 20e6, `Python grew by ${growth[1]}`)
})

test('STREAM-12: mapPaced makes Python wait for the slowest project, in order', async () => {
  let atOnce = 0
  let most = 0
  const stream = pit.stream<{ n: number }>('count', { n: 50, name: 'paced' }, { window: 1 })
  const seen = await lastValueFrom(
    stream
      .mapPaced(async ({ seq }) => {
        most = Math.max(most, ++atOnce)
        assert.ok((await yields('paced')) <= seq + 2 || seq >= 49, `at ${seq}`)
        atOnce--
        return seq
      })
      .pipe(toArray()),
  )
  assert.is(most, 1)
  assert.equal(
    seen,
    Array.from({ length: 51 }, (_, seq) => seq),
  )
})

test('STREAM-12: mapPaced with more at once, a failing project, leaving early', async () => {
  let atOnce = 0
  let most = 0
  const stream = pit.stream('count', { n: 40, name: 'wide' })
  const project = async () => {
    most = Math.max(most, ++atOnce)
    await turn()
    atOnce--
  }
  await lastValueFrom(stream.mapPaced(project, { concurrency: 4 }))
  assert.is(most, 4)
  const own = new Error('mine')
  assert.is(await reasonOf(lastValueFrom(stream.mapPaced(() => Promise.reject(own)))), own)
  assert.equal(
    await lastValueFrom(
      pit
        .stream('count', { n: 1 << 30 })
        .mapPaced(({ seq }) => seq)
        .pipe(take(2), toArray()),
    ),
    [0, 1],
  )
  isCoded(
    thrown(() => stream.mapPaced(project, { concurrency: 0 })),
    'invalid_option',
    /`concurrency`.*from 1 up, got 0/,
  )
  await within(pit.execute('plain'), 'the worker to be free', 2000)
})

test('STREAM-12: latest passes the newest chunk of a turn, and always the final one', async () => {
  const seen = await lastValueFrom(pit.stream('count', { n: 20_000 }).latest().pipe(toArray()))
  assert.ok(seen.length < 20_000, `${seen.length}`)
  assert.is(seen.at(-1)?.isFinal, true)
  const seqs = seen.map(({ seq }) => seq)
  assert.equal(
    seqs,
    [...seqs].sort((a, b) => a - b),
  )
})

test('STREAM-12: an Observable that is iterated names its overflow policy', async () => {
  const stream = pit.stream('count', { n: 5000 })
  const failing = (async () => {
    for await (const _ of toAsyncIterable(stream, { overflow: 'error', limit: 10 })) await turn()
  })()
  isCoded(await reasonOf(failing), 'overflow', /more than 10 values behind/)
  let last = -1
  for await (const { seq } of toAsyncIterable(stream, { overflow: 'drop-oldest', limit: 10 })) {
    await turn()
    last = seq
  }
  assert.is(last, 5000)
})

test('STREAM-12: concatMap and friends work as RxJS says', async () => {
  const doubled = pit.stream<{ n: number }>('count', { n: 10 }).pipe(
    concatMap(async ({ seq }) => seq * 2),
    toArray(),
  )
  assert.equal((await lastValueFrom(doubled)).length, 11)
})

/** The count of a producer that has come to rest: the same twice. */
async function settled(name: string): Promise<number> {
  let before = -1
  let now = await yields(name)
  while (now !== before) {
    for (let calls = 0; calls < 5; calls++) before = now
    now = await yields(name)
  }
  return now
}

test.run()
