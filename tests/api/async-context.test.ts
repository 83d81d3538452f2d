// AsyncLocalStorage: a program's functions find the storage of the caller they belong to, whoever opened the pool.
import { AsyncLocalStorage } from 'node:async_hooks'
import { lastValueFrom, map, tap } from 'rxjs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Snakepit, type SnakepitOptions } from '../../src/index.js'
import { deferred } from '../support/deferred.js'
import { eventually } from '../support/eventually.js'
import { collectGarbage } from '../support/garbage.js'
import { adapterOf, patience } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { turn, within } from '../support/within.js'

const requests = new AsyncLocalStorage<{ readonly id: string }>()
const here = () => requests.getStore()?.id
const adapter = adapterOf(import.meta.url, 'contexts.py')
const inRequest = <T>(id: string, work: () => T): T => requests.run({ id }, work)
const options: SnakepitOptions = { adapter, size: 1, concurrency: 4, drain: 0 }

// As a program does that opens its pool when the first request comes.
const pit = await inRequest('opener', () => Snakepit.open(options))
test.after(() => pit.close())

/** What each function of a program sees that is called for a request. */
async function seenBy(id: string): Promise<Record<string, string[]>> {
  return inRequest(id, async () => {
    const seen: Record<string, Set<string>> = {}
    const note = (where: string) => {
      seen[where] ??= new Set()
      seen[where].add(String(here()))
    }
    await new Promise<void>((resolve, reject) =>
      pit
        .stream('count', { n: 3 })
        .pipe(tap(() => note('tap')))
        .subscribe({
          next: () => note('next'),
          error: reject,
          complete: () => {
            note('complete')
            resolve()
          },
        }),
    )
    await pit.execute('progressing', { n: 2 }, { onProgress: () => note('onProgress') })
    note('after await')
    for await (const _ of pit.stream('count', { n: 2 })) note('loop')
    await lastValueFrom(
      pit
        .stream('count', { n: 2 })
        .values()
        .mapPaced(() => note('mapPaced')),
    )
    await lastValueFrom(
      pit
        .stream('count', { n: 2 })
        .latest()
        .pipe(map(() => note('latest'))),
    )
    const failure = (args: object, more: object, where: string) =>
      new Promise<void>((resolve, reject) =>
        pit.stream('count' in args ? 'count' : 'silent', 'count' in args ? { n: 3, fail_at: 1 } : {}, more).subscribe({
          error: () => {
            note(where)
            resolve()
          },
          complete: () => reject(new Error('completed')),
        }),
      )
    await failure({ count: 1 }, {}, 'error')
    await failure({}, { timeout: 30 }, 'timeout')
    await failure({}, { idleTimeout: 30 }, 'idleTimeout')
    const controller = new AbortController()
    const aborted = failure({}, { signal: controller.signal }, 'abort')
    await inRequest('who aborts', async () => controller.abort())
    await aborted
    return Object.fromEntries(Object.entries(seen).map(([where, ids]) => [where, [...ids]]))
  })
}

test('API-03, STREAM-10: every function that is called for a request finds the storage of that request', async () => {
  const ids = ['request-1', 'request-2', 'request-3']
  const all = [await seenBy('alone'), ...(await Promise.all(ids.map(seenBy)))]
  for (const [index, id] of ['alone', ...ids].entries()) {
    for (const [where, seen] of Object.entries(all[index] ?? {})) assert.equal(seen, [id], where)
    assert.is(Object.keys(all[index] ?? {}).length, 12)
  }
})

test("API-03: a call that another one's end sets free still belongs to its own caller", async () => {
  await using single = await inRequest('opener', () => Snakepit.open({ ...options, concurrency: 1 }))
  const first = inRequest('first', () => single.stream('silent')[Symbol.asyncIterator]())
  const waiting = first.next()
  const seen = deferred<string | undefined>()
  const later = deferred<string | undefined>()
  inRequest('second', () => single.stream('count', { n: 1 }).subscribe({ next: () => seen.resolve(here()) }))
  inRequest('third', () => single.stream('count', { n: 1 }).subscribe({ complete: () => later.resolve(here()) }))
  await turn()
  await inRequest('first', () => first.return?.())
  await waiting
  assert.is(await within(seen.promise, 'the second call'), 'second')
  assert.is(await within(later.promise, 'the third call'), 'third')
})

test('API-09: events, logs and states are told in the context of who subscribed', async () => {
  const seen: Record<string, Set<string | undefined>> = { logs: new Set(), events: new Set(), states: new Set() }
  const line = deferred()
  const watching = inRequest('watcher', () => [
    pit.logs$.subscribe(() => {
      seen.logs?.add(here())
      line.resolve()
    }),
    pit.events$.subscribe(() => seen.events?.add(here())),
    pit.state$().subscribe(() => seen.states?.add(here())),
  ])
  await inRequest('caller', () => pit.execute('progressing', { n: 3 }))
  await reasonOf(inRequest('caller', () => pit.execute('dies')))
  await within(line.promise, 'a line')
  await inRequest('caller', () => pit.ready())
  for (const subscription of watching) subscription.unsubscribe()
  for (const [what, ids] of Object.entries(seen)) assert.equal([...ids], ['watcher'], what)
})

test('SESSION-07, FAULT-02: `onLost` and `retry.on` find the storage of who made the session and of who called', async () => {
  const asked: (string | undefined)[] = []
  const on = () => {
    asked.push(here())
    return false
  }
  await using other = await inRequest('opener', () => Snakepit.open({ ...options, retry: { on } }))
  const lost = deferred<string | undefined>()
  const session = inRequest('owner', () =>
    other.session('kept', {
      onLost: async () => {
        await turn()
        lost.resolve(here())
      },
    }),
  )
  await inRequest('user', () => session.execute('plain'))
  await reasonOf(inRequest('caller', () => other.execute('dies', {}, { idempotent: true, session: 'kept' })))
  assert.equal(asked, ['caller'])
  assert.is(await within(lost.promise, 'onLost'), 'owner')
})

test('API-01: what happens at opening is told to who opens', async () => {
  const seen = new Set<string | undefined>()
  const opening = inRequest('opener', () =>
    Snakepit.open({ ...options, python: '/nowhere/python', onSetup: () => seen.add(here()) }),
  )
  await reasonOf(opening)
  assert.ok([...seen].every((id) => id === 'opener'))
})

test('API-01, guarantee:G33: neither the request that opened the pool nor one that used it is kept alive', async () => {
  const kept: WeakRef<object>[] = []
  const open = async (): Promise<Snakepit> => {
    const request = { id: 'first' }
    kept.push(new WeakRef(request))
    return requests.run(request, () => Snakepit.open({ ...options, maxSize: 2, keepAlive: true, sessionTtl: 60_000 }))
  }
  const use = async (other: Snakepit): Promise<void> => {
    const request = { id: 'second' }
    kept.push(new WeakRef(request))
    await requests.run(request, async () => {
      await Promise.all(Array.from({ length: 12 }, () => other.execute('plain', {}, { session: 'long' })))
      await new Promise<void>((complete) => other.stream('count', { n: 3 }).subscribe({ complete }))
      await reasonOf(other.stream('silent', {}, { timeout: 20 }).toArray())
    })
  }
  const other = await open()
  try {
    await use(other)
    await eventually(
      () => {
        collectGarbage()
        return kept.every((request) => request.deref() === undefined)
      },
      `the requests to be forgotten: ${kept.map((request) => JSON.stringify(request.deref()))}`,
      patience,
    )
  } finally {
    await other.close()
  }
})

test.run()
