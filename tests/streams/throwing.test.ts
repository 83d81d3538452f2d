// What throws while a stream is delivered ends the call for its reader and leaves it in the tool; nothing else suffers.
import { firstValueFrom, lastValueFrom, map, type Observable, Subscriber, take, toArray } from 'rxjs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ChunkStream } from '../../src/index.js'
import { openMemory } from '../contract/memory-subject.js'
import { all } from '../support/all.js'
import { deferred } from '../support/deferred.js'
import { reasonOf } from '../support/rejection.js'
import { quiet, turn, until, within } from '../support/within.js'

/** A stream of numbers that counts how often it was left, and whose item number `broken` cannot be taken. */
async function open(broken = Number.POSITIVE_INFINITY) {
  let left = 0
  const host = await openMemory({
    run: async function* () {
      try {
        for (let index = 0; ; index++) {
          yield index
          await turn()
        }
      } finally {
        left++
      }
    },
    value: () => 1,
  })
  const { peer } = host
  const call = peer.call.bind(peer)
  peer.call = (request, listener) => {
    const made = call(request, listener)
    const take = made.take.bind(made)
    let taken = 0
    made.take = () => {
      if (taken === broken) throw new RangeError('no memory for it')
      const chunk = take()
      if (chunk !== undefined) taken++
      return chunk
    }
    return made
  }
  return {
    stream: host.stream<number>('run', {}, { window: 4 }),
    /** The tool was left, nothing runs, and the next call is answered. */
    async isLeft(times = 1) {
      await until(() => left === times, 'the finally')
      assert.is(peer.running, 0)
      assert.is(await host.execute('value'), 1)
    },
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  }
}

const uses: readonly [string, (stream: ChunkStream<number>) => Promise<unknown>][] = [
  ['for await', (stream) => all(stream)],
  ['for await of values()', (stream) => all(stream.values())],
  ['toArray()', (stream) => stream.toArray()],
  ['final()', (stream) => stream.final()],
  ['toReadable()', (stream) => all(stream.toReadable())],
  ['subscribe', (stream) => lastValueFrom(stream)],
  ['subscribe to values()', (stream) => lastValueFrom(stream.values())],
  ['mapPaced()', (stream) => lastValueFrom(stream.mapPaced(({ seq }) => seq))],
  ['latest()', (stream) => lastValueFrom(stream.latest())],
  ['many nexts at once', (stream) => manyAtOnce(stream)],
]

async function manyAtOnce(stream: ChunkStream<number>): Promise<void> {
  const iterator = stream[Symbol.asyncIterator]()
  const steps = await Promise.allSettled(Array.from({ length: 9 }, () => iterator.next()))
  const kinds = steps.map((step) => (step.status === 'rejected' ? 'rejected' : step.value.done))
  assert.equal(kinds, [false, false, false, 'rejected', true, true, true, true, true])
  throw (steps[3] as PromiseRejectedResult).reason
}

for (const [use, run] of uses) {
  test(`API-06, STREAM-01: a chunk that cannot be given rejects ${use} and leaves the call`, async () => {
    await using scene = await open(3)
    const error = await reasonOf(run(scene.stream))
    assert.instance(error, RangeError)
    await scene.isLeft()
  })
}

test('API-06: after the rejection the iterator is at its end', async () => {
  await using scene = await open(1)
  const iterator = scene.stream.values()[Symbol.asyncIterator]()
  assert.equal(await iterator.next(), { done: false, value: 0 })
  assert.instance(await reasonOf(iterator.next()), RangeError)
  assert.equal(await iterator.next(), { done: true, value: undefined })
  await scene.isLeft()
})

test('API-06: a subscriber of its own kind that throws gets its error and leaves the call', async () => {
  await using scene = await open()
  const own = new Error('mine')
  const told = deferred<unknown>()
  class Throws extends Subscriber<unknown> {
    override next(): void {
      throw own
    }
    override error(error: unknown): void {
      told.resolve(error)
      super.error(error)
    }
  }
  const reported: unknown[] = []
  const onUncaught = (error: unknown) => reported.push(error)
  process.on('uncaughtException', onUncaught)
  try {
    scene.stream.subscribe(new Throws())
    assert.is(await within(told.promise, 'the error'), own)
    await scene.isLeft()
    await until(() => reported.length === 1, 'the report')
    assert.equal(reported, [own], 'what its `error` throws is reported')
  } finally {
    process.off('uncaughtException', onUncaught)
  }
})

test('API-06: an operator that throws ends the stream with its error and leaves the call', async () => {
  await using scene = await open()
  const own = new Error('mine')
  const failing = scene.stream.values().pipe(
    map((value) => {
      if (value === 2) throw own
      return value
    }),
  )
  assert.is(await reasonOf(lastValueFrom(failing)), own)
  await scene.isLeft()
})

test('API-06, ERR-04: a handler that throws is reported as RxJS reports it, and the stream goes on and can be left', async () => {
  await using scene = await open()
  const reported: unknown[] = []
  const onUncaught = (error: unknown) => reported.push(error)
  process.on('uncaughtException', onUncaught)
  try {
    const own = new Error('mine')
    let seen = 0
    const subscription = scene.stream.values().subscribe((value) => {
      seen++
      if (value < 2) throw own
    })
    await until(() => seen > 5, 'further values')
    subscription.unsubscribe()
    await until(() => reported.length === 2, 'the reports')
    assert.equal(reported, [own, own])
    await scene.isLeft()
  } finally {
    // Reports are timers; one that is set now fires after all that were set before.
    await new Promise((resolve) => setTimeout(resolve, 0))
    process.off('uncaughtException', onUncaught)
  }
})

test('API-06, STREAM-12: a project of mapPaced that throws or rejects ends it, leaves the call, and takes nothing more', async () => {
  for (const concurrency of [1, 3]) {
    for (const way of ['throws', 'rejects'] as const) {
      await using scene = await open()
      const own = new Error(way)
      let begun = 0
      const paced = scene.stream.values().mapPaced(
        (value) => {
          begun++
          if (value !== 2) return quiet(2)
          if (way === 'rejects') return Promise.reject(own)
          throw own
        },
        { concurrency },
      )
      assert.is(await reasonOf(lastValueFrom(paced)), own)
      await scene.isLeft()
      const before = begun
      await quiet()
      assert.is(begun, before)
    }
  }
})

test('STREAM-12, ERR-04: a subscriber of mapPaced or latest that throws is reported, and the stream can be left', async () => {
  await using scene = await open()
  const reported: unknown[] = []
  const onUncaught = (error: unknown) => reported.push(error)
  process.on('uncaughtException', onUncaught)
  try {
    const own = new Error('mine')
    const views: Observable<unknown>[] = [scene.stream.mapPaced(({ seq }) => seq), scene.stream.latest()]
    for (const [index, view] of views.entries()) {
      const subscription = view.subscribe(() => {
        throw own
      })
      await until(() => reported.length >= 2, 'the reports')
      subscription.unsubscribe()
      await scene.isLeft(index + 1)
      await quiet()
      assert.ok(reported.splice(0).every((error) => error === own))
    }
  } finally {
    // Reports are timers; one that is set now fires after all that were set before.
    await new Promise((resolve) => setTimeout(resolve, 0))
    process.off('uncaughtException', onUncaught)
  }
})

test('API-05: values() iterators: throw(), return() and `await using` leave the call', async () => {
  await using scene = await open()
  const own = new Error('enough')
  const thrower = scene.stream.values()[Symbol.asyncIterator]()
  await thrower.next()
  assert.is(await reasonOf(thrower.throw?.(own) ?? Promise.resolve()), own)
  assert.equal(await thrower.next(), { done: true, value: undefined })
  await scene.isLeft(1)
  const returner = scene.stream.values()[Symbol.asyncIterator]()
  await returner.next()
  await returner.return?.()
  await scene.isLeft(2)
  {
    await using disposed = scene.stream.values()[Symbol.asyncIterator]()
    await disposed.next()
  }
  await scene.isLeft(3)
  assert.equal(await firstValueFrom(scene.stream.values().pipe(take(3), toArray())), [0, 1, 2])
  await scene.isLeft(4)
})

test.run()
