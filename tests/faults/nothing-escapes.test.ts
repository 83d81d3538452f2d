// Nothing is thrown where nobody can catch it: what goes wrong reaches the one who asked, and only them.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { deferred } from '../support/deferred.js'
import { failsWith, isCoded } from '../support/errors.js'
import { nothingEscaped } from '../support/escaped.js'
import { adapterOf, openOne } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { within } from '../support/within.js'

const pit = await openOne(adapterOf(import.meta.url, 'fragile.py'), {
  concurrency: 4,
  restart: { backoff: 0 },
  barrier: false,
})
test.after(() => pit.close())
test.after.each(nothingEscaped)

test('ERR-04: what onProgress throws fails its call, and the tool is left', async () => {
  const own = new Error('mine')
  const onProgress = () => {
    throw own
  }
  assert.is(await reasonOf(pit.execute('reports', {}, { onProgress })), own)
  assert.is(await reasonOf(pit.stream('reports_between', {}, { onProgress })[Symbol.asyncIterator]().next()), own)
  assert.is(await pit.execute('one'), 1)
})

test('ERR-04: a project of mapPaced that throws', async () => {
  const own = new Error('mine')
  const failing = pit.stream('numbers', { n: 20 }).mapPaced(
    () => {
      throw own
    },
    { concurrency: 4 },
  )
  assert.is(
    await reasonOf(new Promise((resolve, reject) => failing.subscribe({ complete: () => resolve(0), error: reject }))),
    own,
  )
})

test('ERR-04: a project of mapPaced that rejects after it was left', async () => {
  const begun = deferred()
  const project = deferred()
  const paced = pit.stream('numbers', { n: 20 }).mapPaced(() => {
    begun.resolve()
    return project.promise
  })
  // Whatever it is told escapes.
  const subscription = paced.subscribe({ error: (error) => void Promise.reject(error) })
  await within(begun.promise, 'the first project')
  subscription.unsubscribe()
  project.reject(new Error('too late'))
})

test('ERR-04: readers that wait while a worker dies are told once, the others get an end', async () => {
  const iterator = pit.stream('dies_after', { n: 3 }, { window: 1 })[Symbol.asyncIterator]()
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => iterator.next()))
  const failed = results.filter(({ status }) => status === 'rejected')
  assert.is(failed.length, 1)
  isCoded((failed[0] as PromiseRejectedResult).reason, 'worker_crashed')
  assert.ok(results.at(-1)?.status === 'fulfilled')
})

test('ERR-04: aborting in the listener of an abort, and closing in a subscriber', async () => {
  const controller = new AbortController()
  const inner = new AbortController()
  controller.signal.addEventListener('abort', () => inner.abort())
  const calls = [pit.execute('waits', {}, controller), pit.execute('waits', {}, inner)].map(reasonOf)
  controller.abort()
  assert.equal(await Promise.all(calls), [controller.signal.reason, inner.signal.reason])
  const other = await openOne(adapterOf(import.meta.url, 'fragile.py'))
  await new Promise<void>((resolve) => {
    other
      .stream('numbers', { n: 1000 })
      .subscribe({ next: () => void other.close().then(resolve), error: () => undefined })
  })
  await failsWith(other.execute('one'), 'pool_closed')
})

test.run()
