// Contexts of AsyncLocalStorage: a caller's, a subscriber's, and nobody's.
import { AsyncLocalStorage } from 'node:async_hooks'
import { of, Subject, take } from 'rxjs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { callersContext, inNobodysContext, inSubscribersContext } from '../../src/streams/async-context.js'
import { turn } from '../support/within.js'

const storage = new AsyncLocalStorage<string>()
const here = () => storage.getStore()

test('API-03: a context that was captured is found again, and what begins there goes on there', async () => {
  const context = storage.run('caller', callersContext)
  const later = storage.run('somebody else', () =>
    context.runInAsyncScope(async () => {
      await turn()
      return here()
    }),
  )
  assert.is(await later, 'caller')
  assert.is(here(), undefined)
})

test("API-01: nobody's context has no storage, also where the library is first imported in a request", async () => {
  assert.is(
    storage.run('caller', () => inNobodysContext(here)),
    undefined,
  )
  const path = '../../src/streams/async-context.js?in-a-request'
  const copy = (await storage.run(
    'first request',
    () => import(path),
  )) as typeof import('../../src/streams/async-context.js')
  assert.is.not(copy.inNobodysContext, inNobodysContext)
  assert.is(copy.inNobodysContext(here), undefined)
  const after = copy.inNobodysContext(async () => {
    await turn()
    return here()
  })
  assert.is(await after, undefined)
})

test('API-09: each subscriber is told in its own context, and may leave while it is told', () => {
  const source = new Subject<number>()
  const told: unknown[] = []
  const watched = source.pipe(inSubscribersContext())
  const observer = { next: (value: number) => told.push([value, here()]), complete: () => told.push(['end', here()]) }
  storage.run('a', () => watched.subscribe(observer))
  storage.run('b', () => watched.pipe(take(1)).subscribe(observer))
  storage.run('c', () => source.next(1))
  storage.run('c', () => source.next(2))
  storage.run('c', () => source.complete())
  assert.equal(told, [
    [1, 'a'],
    [1, 'b'],
    ['end', 'b'],
    [2, 'a'],
    ['end', 'a'],
  ])
  assert.not(source.observed)
  of(1, 2).pipe(inSubscribersContext(), take(1)).subscribe(observer)
  assert.equal(told.slice(5), [
    [1, undefined],
    ['end', undefined],
  ])
})

test.run()
