// What `stream()` gives, over a call whose far side a test scripts: cold, paced, left at once, exactly one end.
import { firstValueFrom, from, lastValueFrom, map, repeat, retry, share, take, toArray } from 'rxjs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { latest } from '../../src/api/latest.js'
import { mapPaced } from '../../src/api/map-paced.js'
import type { SnakepitError } from '../../src/errors/snakepit-error.js'
import type { Chunk } from '../../src/peer/chunk.js'
import { openMemory } from '../contract/memory-subject.js'
import { all } from '../support/all.js'
import { deferred } from '../support/deferred.js'
import { reasonOf, rejection, thrown } from '../support/rejection.js'
import { ScriptedIterator } from '../support/scripted-iterator.js'
import { quiet, until, within } from '../support/within.js'

/** Calls of a stream of numbers: how many began, were left, and how far they are. */
class Far {
  begun = 0
  left = 0
  produced = 0
  /** Resolves to let the tool go past `pauseAt`. */
  readonly resume = deferred()

  async *run(n: number, pauseAt = Number.POSITIVE_INFINITY, fail = false): AsyncGenerator<number, unknown> {
    this.begun++
    try {
      for (let index = 0; index < n; index++) {
        if (index === pauseAt) await this.resume.promise
        this.produced++
        yield index
      }
      if (fail) throw new TypeError('too far')
      return 'returned'
    } finally {
      this.left++
    }
  }
}

async function open(
  n: number,
  options: { window?: number; pauseAt?: number; fail?: boolean; signal?: AbortSignal } = {},
) {
  const far = new Far()
  const host = await openMemory({ run: () => far.run(n, options.pauseAt, options.fail) })
  const { window = 256, signal } = options
  const stream = host.stream<number, string>('run', {}, { window, ...(signal && { signal }) })
  return { far, stream, host, [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() }
}

test('API-03, API-04: it is cold: nothing begins before it is iterated or subscribed to, and each time is a call', async () => {
  await using scene = await open(3)
  await quiet()
  assert.is(scene.far.begun, 0)
  scene.stream[Symbol.asyncIterator]()
  scene.stream.values()
  scene.stream.toReadable()
  scene.stream.pipe(take(1))
  await quiet()
  assert.is(scene.far.begun, 0)
  const [one, two] = [scene.stream[Symbol.asyncIterator](), scene.stream[Symbol.asyncIterator]()]
  assert.equal([(await one.next()).value?.data, (await two.next()).value?.data], [0, 0])
  assert.is((await one.next()).value?.data, 1)
  assert.is(scene.far.begun, 2)
  assert.is((await lastValueFrom(scene.stream)).data, 'returned')
  assert.is(scene.far.begun, 3)
  await one.return?.()
  await two.return?.()
})

test('API-03, STREAM-01: the chunks are the same iterated, subscribed to, and read as a Web stream', async () => {
  await using scene = await open(5)
  const iterated = await all(scene.stream)
  const strip = (chunks: readonly Chunk<unknown, unknown>[]) =>
    chunks.map(({ data, isFinal, seq }) => ({ data, isFinal, seq }))
  assert.equal(strip(iterated).at(-1), { data: 'returned', isFinal: true, seq: 5 })
  assert.equal(strip(await lastValueFrom(scene.stream.pipe(toArray()))), strip(iterated))
  assert.equal(strip(await all(scene.stream.toReadable())), strip(iterated))
  assert.equal(await all(scene.stream.values()), [0, 1, 2, 3, 4], 'without the chunk that was added')
})

test('STREAM-01: many nexts without await get the chunks in order, then the end, then nothing', async () => {
  await using scene = await open(3)
  const chunks = scene.stream[Symbol.asyncIterator]()
  const steps = await within(Promise.all(Array.from({ length: 100 }, () => chunks.next())), 'all of them')
  assert.equal(
    steps.slice(0, 5).map((step) => step.value?.data ?? step.done),
    [0, 1, 2, 'returned', true],
  )
  assert.ok(steps.slice(4).every((step) => step.done === true))
  assert.is(scene.far.begun, 1)
})

test('API-06, CANCEL-02: return() while a next() waits settles both at once and leaves the tool', async () => {
  await using scene = await open(3, { pauseAt: 1 })
  const chunks = scene.stream[Symbol.asyncIterator]()
  await chunks.next()
  const waiting = [chunks.next(), chunks.next()]
  assert.is((await within(chunks.return?.() as Promise<IteratorResult<unknown>>, 'the return')).done, true)
  for (const each of waiting) assert.is((await within(each, 'a waiting next')).done, true)
  scene.far.resume.resolve()
  await until(() => scene.far.left === 1, 'the finally')
  assert.is(scene.host.peer.running, 0)
  assert.is(scene.far.produced, 2, 'the item under way, and none after it')
})

test('API-06: return() before the first next() begins nothing; throw() leaves and rejects', async () => {
  await using scene = await open(3)
  const unread = scene.stream[Symbol.asyncIterator]()
  await unread.return?.()
  assert.is((await unread.next()).done, true)
  assert.is(scene.far.begun, 0)
  const thrower = scene.stream[Symbol.asyncIterator]()
  await thrower.next()
  const error = new Error('enough')
  assert.is(await reasonOf(thrower.throw?.(error) as Promise<unknown>), error)
  assert.is((await thrower.next()).done, true)
  await until(() => scene.far.left === 1, 'the finally')
})

test('API-06: break, take, unsubscribe and await using all cancel the call', async () => {
  await using scene = await open(1_000_000, { window: 4 })
  const leaves: readonly (() => Promise<unknown> | unknown)[] = [
    async () => {
      for await (const { seq } of scene.stream) if (seq === 2) break
    },
    async () => {
      for await (const value of scene.stream.values()) if (value === 2) break
    },
    () => firstValueFrom(scene.stream),
    () => lastValueFrom(scene.stream.pipe(take(3))),
    async () => {
      const subscription = scene.stream.subscribe()
      await until(() => scene.far.produced > 0, 'an item')
      subscription.unsubscribe()
    },
    async () => {
      await using chunks = scene.stream[Symbol.asyncIterator]()
      await chunks.next()
    },
    async () => {
      const reader = scene.stream.toReadable().getReader()
      await reader.read()
      await reader.cancel()
    },
  ]
  for (const [index, leave] of leaves.entries()) {
    await within(Promise.resolve(leave()), 'the leaving')
    await until(() => scene.far.left === index + 1, `the finally of ${index}`)
    assert.is(scene.host.peer.running, 0)
  }
  assert.is(scene.far.begun, leaves.length)
})

test('API-06, ERR-03: an abort speaks at once, before what has arrived and was not taken', async () => {
  const abort = new AbortController()
  await using scene = await open(10, { signal: abort.signal, pauseAt: 5 })
  const chunks = scene.stream[Symbol.asyncIterator]()
  await chunks.next()
  await until(() => scene.far.produced === 5, 'items that wait')
  await quiet()
  abort.abort('enough')
  assert.is(await reasonOf(chunks.next()), 'enough')
  assert.is((await chunks.next()).done, true)
  const seen: unknown[] = []
  scene.stream.subscribe({ next: () => seen.push('chunk'), error: (error) => seen.push(error) })
  await quiet()
  assert.equal(seen, ['enough'], 'a signal that has fired begins nothing')
  assert.is(scene.far.begun, 1)
})

test('ERR-04: one signal serves many calls without a warning, and is let go of', async () => {
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on('warning', onWarning)
  const abort = new AbortController()
  await using scene = await open(3, { signal: abort.signal })
  await Promise.all(Array.from({ length: 200 }, () => all(scene.stream)))
  await quiet()
  process.off('warning', onWarning)
  assert.equal(warnings, [])
})

test('STREAM-09: an error comes behind the chunks, to readers and to subscribers, once', async () => {
  await using scene = await open(3, { fail: true })
  const iterated: unknown[] = []
  const error = await rejection(
    (async () => {
      for await (const { data } of scene.stream) iterated.push(data)
    })(),
    'host_tool_failed',
  )
  assert.match(error.message, /too far/)
  assert.equal(iterated, [0, 1, 2])
  const pushed: unknown[] = []
  const subscribed = new Promise((_, reject) =>
    scene.stream.subscribe({ next: ({ data }) => pushed.push(data), error: reject }),
  )
  await rejection(subscribed, 'host_tool_failed')
  assert.equal(pushed, [0, 1, 2])
})

test('STREAM-07: an iterator that is not read holds the tool at the window; a subscriber takes as it comes', async () => {
  await using scene = await open(100, { window: 4 })
  const chunks = scene.stream[Symbol.asyncIterator]()
  await chunks.next()
  await until(() => scene.far.produced >= 4, 'a full window')
  await quiet()
  assert.ok(scene.far.produced <= 5, `${scene.far.produced} produced`)
  await chunks.return?.()
  await until(() => scene.far.left === 1, 'the finally')
  scene.far.produced = 0
  await lastValueFrom(scene.stream)
  assert.is(scene.far.produced, 100)
})

test('STREAM-07, STREAM-12: mapPaced holds the tool to the slowest project, and keeps the order with one at a time', async () => {
  for (const concurrency of [1, 3]) {
    await using scene = await open(30, { window: 2 })
    let active = 0
    let most = 0
    let ahead = 0
    let started = 0
    const project = async ({ data }: Chunk<number, string>) => {
      started++
      most = Math.max(most, ++active)
      ahead = Math.max(ahead, scene.far.produced - started)
      await quiet(1 + (started % 3))
      active--
      return data
    }
    const results = await lastValueFrom(scene.stream.mapPaced(project, { concurrency }).pipe(toArray()))
    assert.is(most, concurrency)
    assert.is(results.length, 31)
    assert.ok(ahead <= 2 + concurrency, `${ahead} ahead`)
    if (concurrency === 1)
      assert.equal(
        results.slice(0, 30),
        Array.from({ length: 30 }, (_, index) => index),
      )
  }
})

test('STREAM-12, API-06: mapPaced leaves the call when it is unsubscribed from, and when a project fails', async () => {
  await using scene = await open(1_000_000, { window: 2 })
  assert.equal(await lastValueFrom(scene.stream.mapPaced(({ seq }) => seq).pipe(take(3), toArray())), [0, 1, 2])
  await until(() => scene.far.left === 1, 'the finally')
  const error = new Error('project')
  const failing = scene.stream.mapPaced(async ({ seq }) => {
    if (seq === 2) throw error
    return seq
  })
  const seen: unknown[] = []
  assert.is(
    await reasonOf(new Promise((_, reject) => failing.subscribe({ next: (seq) => seen.push(seq), error: reject }))),
    error,
  )
  assert.equal(seen, [0, 1])
  await until(() => scene.far.left === 2, 'the finally')
  assert.is(scene.host.peer.running, 0)
  thrown(() => scene.stream.mapPaced(() => 1, { concurrency: 0 }), 'invalid_option')
  thrown(() => scene.stream.mapPaced(() => 1, { concurency: 2 } as never), 'invalid_option')
})

test('STREAM-12, API-06: mapPaced over a silent source lets go of it at once', async () => {
  const source = new ScriptedIterator<number>()
  const subscription = mapPaced(source, (value) => value).subscribe()
  await quiet()
  assert.is(source.pulled, 1)
  subscription.unsubscribe()
  assert.is(source.returned, 1)
})

test('STREAM-12: latest() drops what nobody saw, and never the final chunk', async () => {
  await using scene = await open(5_000)
  const seen = await lastValueFrom(scene.stream.latest().pipe(toArray()))
  assert.ok(seen.length < 5_001, 'some were dropped')
  assert.is(seen.at(-1)?.data, 'returned')
  assert.ok(seen.at(-1)?.isFinal)
  const order = seen.map(({ seq }) => seq)
  assert.equal(
    order,
    [...order].sort((a, b) => a - b),
  )
  const pending = latest(
    from([1, 2, 3]).pipe(map((seq) => ({ data: seq, isFinal: false, metadata: {}, seq }) as Chunk<number>)),
  )
  assert.equal(
    (await lastValueFrom(pending.pipe(toArray()))).map(({ data }) => data),
    [3],
  )
})

test('API-04: retry and repeat are further calls, and share is one', async () => {
  await using failing = await open(2, { fail: true })
  const seen = await reasonOf(lastValueFrom(failing.stream.pipe(retry(2), toArray())))
  assert.is((seen as SnakepitError).code, 'host_tool_failed')
  assert.is(failing.far.begun, 3)
  await using scene = await open(2)
  assert.is((await lastValueFrom(scene.stream.pipe(repeat(3), toArray()))).length, 9)
  assert.is(scene.far.begun, 3)
  const shared = scene.stream.pipe(share())
  assert.equal(
    (await Promise.all([lastValueFrom(shared), lastValueFrom(shared)])).map(({ data }) => data),
    ['returned', 'returned'],
  )
  assert.is(scene.far.begun, 4)
})

test.run()
