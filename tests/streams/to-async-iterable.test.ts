// Observables read with `for await`: the three policies, the bound, and the end of the subscription.
import { EMPTY, from, NEVER, Observable, of, range, Subject, throwError } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type OverflowPolicy, toAsyncIterable } from '../../src/streams/to-async-iterable.js'
import { all } from '../support/all.js'
import { reasonOf, rejection, thrown } from '../support/rejection.js'
import { quiet, within } from '../support/within.js'

const policies: readonly OverflowPolicy[] = ['error', 'drop-oldest', 'drop-newest']

test('STREAM-12: a reader that keeps up gets every value, whatever the policy', async () => {
  for (const overflow of policies) {
    const source = new Subject<number>()
    const iterator = toAsyncIterable(source, { overflow, limit: 1 })[Symbol.asyncIterator]()
    const seen: number[] = []
    const reading = (async () => {
      for await (const value of { [Symbol.asyncIterator]: () => iterator }) seen.push(value)
    })()
    for (let value = 0; value < 50; value++) {
      source.next(value)
      await quiet(1)
    }
    source.complete()
    await within(reading, 'the end')
    assert.is(seen.length, 50)
  }
})

test('STREAM-12: a full buffer drops the oldest, drops the newest, or fails, as was asked', async () => {
  const read = async (overflow: OverflowPolicy) => {
    const source = new Subject<number>()
    const iterator = toAsyncIterable(source, { overflow, limit: 3 })[Symbol.asyncIterator]()
    const first = iterator.next()
    for (let value = 0; value <= 6; value++) source.next(value)
    source.complete()
    const seen: unknown[] = [(await first).value]
    for (;;) {
      const step = await iterator.next().catch((error: { code: string }) => ({ done: false, value: error.code }))
      if (step.done) return seen
      seen.push(step.value)
    }
  }
  assert.equal(await read('drop-oldest'), [0, 4, 5, 6])
  assert.equal(await read('drop-newest'), [0, 1, 2, 3])
  assert.equal(await read('error'), [0, 1, 2, 3, 'overflow'], 'what had room is read before the error')
})

test('STREAM-12: an overflow unsubscribes at once and names the limit', async () => {
  const source = new Subject<number>()
  const iterator = toAsyncIterable(source, { overflow: 'error', limit: 2 })[Symbol.asyncIterator]()
  void iterator.next()
  for (let value = 0; value < 4; value++) source.next(value)
  assert.not(source.observed)
  await iterator.next()
  await iterator.next()
  const error = await rejection(iterator.next(), 'overflow')
  assert.equal(error.details, { limit: 2 })
  assert.match(error.message, /more than 2 values behind/)
  assert.is((await iterator.next()).done, true)
})

test('STREAM-12, ERR-04: a source that never stops by itself is stopped while it is still being subscribed to', async () => {
  let emitted = 0
  const endless = new Observable<number>((subscriber) => {
    while (!subscriber.closed) {
      if (++emitted > 100_000) throw new Error('was not stopped')
      subscriber.next(emitted)
    }
  })
  const iterator = toAsyncIterable(endless, { overflow: 'error', limit: 10 })[Symbol.asyncIterator]()
  assert.is((await iterator.next()).value, 1)
  assert.is(emitted, 11)
  const ranged = toAsyncIterable(range(0, Number.POSITIVE_INFINITY), { overflow: 'error' })[Symbol.asyncIterator]()
  assert.is((await ranged.next()).value, 0)
})

test('STREAM-12: it subscribes at the first next, once for each iteration', async () => {
  let subscriptions = 0
  const source = new Observable<number>((subscriber) => {
    subscriptions++
    subscriber.next(subscriptions)
    subscriber.complete()
  })
  const iterable = toAsyncIterable(source, { overflow: 'error' })
  const [one, two] = [iterable[Symbol.asyncIterator](), iterable[Symbol.asyncIterator]()]
  assert.is(subscriptions, 0)
  assert.is((await one.next()).value, 1)
  assert.is((await two.next()).value, 2)
  assert.is((await one.next()).done, true)
  assert.is(subscriptions, 2)
})

test('STREAM-12, API-06: leaving the loop unsubscribes, also while a next waits', async () => {
  const source = new Subject<number>()
  const looped = (async () => {
    for await (const _ of toAsyncIterable(source, { overflow: 'error' })) break
  })()
  source.next(1)
  await within(looped, 'the loop')
  assert.not(source.observed)
  const iterator = toAsyncIterable(source, { overflow: 'error' })[Symbol.asyncIterator]()
  const waiting = [iterator.next(), iterator.next()]
  assert.ok(source.observed)
  assert.is((await within(iterator.return?.() as Promise<IteratorResult<number>>, 'the return')).done, true)
  assert.not(source.observed)
  for (const each of waiting) assert.is((await within(each, 'a waiting next')).done, true)
  assert.is((await iterator.next()).done, true)
})

test('STREAM-12: left before it was begun, it never subscribes', async () => {
  const iterator = toAsyncIterable(
    throwError(() => new Error('no')),
    { overflow: 'error' },
  )[Symbol.asyncIterator]()
  await iterator.return?.()
  assert.is((await iterator.next()).done, true)
})

test('STREAM-09, STREAM-12: an error comes behind the values before it, once', async () => {
  const error = new Error('lost')
  const source = new Observable<number>((subscriber) => {
    subscriber.next(1)
    subscriber.next(2)
    subscriber.error(error)
  })
  const iterator = toAsyncIterable(source, { overflow: 'error' })[Symbol.asyncIterator]()
  assert.is((await iterator.next()).value, 1)
  assert.is((await iterator.next()).value, 2)
  assert.is(await reasonOf(iterator.next()), error)
  assert.is((await iterator.next()).done, true)
})

test('STREAM-12: many nexts without await are served in order, the error goes to the first that is left over', async () => {
  const source = new Subject<number>()
  const iterator = toAsyncIterable(source, { overflow: 'error', limit: 1 })[Symbol.asyncIterator]()
  const steps = Array.from({ length: 4 }, () => iterator.next())
  source.next(1)
  source.next(2)
  const error = new Error('lost')
  source.error(error)
  const outcomes = await Promise.allSettled(steps)
  assert.equal(
    outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason : (outcome.value.value ?? 'done'))),
    [1, 2, error, 'done'],
  )
})

test('STREAM-12: sources that end at once, and values that are nothing', async () => {
  const collect = (source: Observable<unknown>) => all(toAsyncIterable(source, { overflow: 'error' }))
  assert.equal(await collect(EMPTY), [])
  assert.equal(await collect(of(undefined, null, 0, '')), [undefined, null, 0, ''])
  assert.equal(await collect(from([1, 2, 3])), [1, 2, 3])
})

test('STREAM-12: the subscription lives from the first next to the end, and no longer', () => {
  const scheduler = new TestScheduler((actual, expected) => assert.equal(actual, expected))
  scheduler.run(({ cold, expectSubscriptions }) => {
    const source = cold('-a-b-c-|')
    const left = cold('-a-b-c-d-e-f')
    scheduler.schedule(
      () => void toAsyncIterable(source, { overflow: 'drop-oldest' })[Symbol.asyncIterator]().next(),
      2,
    )
    const iterator = toAsyncIterable(left, { overflow: 'drop-oldest' })[Symbol.asyncIterator]()
    scheduler.schedule(() => void iterator.next(), 1)
    scheduler.schedule(() => void iterator.return?.(), 6)
    expectSubscriptions(source.subscriptions).toBe('--^------!')
    expectSubscriptions(left.subscriptions).toBe('-^----!')
  })
})

test('API-13, STREAM-12: a policy must be named, the limit is a whole number, and unknown options are refused', () => {
  const made = (options: object) => thrown(() => toAsyncIterable(NEVER, options as never), 'invalid_option').message
  assert.match(made({}), /`overflow` to be one of error, drop-oldest, drop-newest, got undefined/)
  assert.match(made({ overflow: 'drop' }), /got 'drop' \(string\)/)
  for (const limit of [0, -1, 1.5, Number.NaN, '4', Number.POSITIVE_INFINITY]) made({ overflow: 'error', limit })
  assert.match(made({ overflow: 'error', limt: 4 }), /unknown option 'limt' of toAsyncIterable: did you mean 'limit'/)
})

test.run()
