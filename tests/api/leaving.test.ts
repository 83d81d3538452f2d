// Every way to leave a call: whoever asked is told at once, and Python stops.
import { runInNewContext } from 'node:vm'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SnakepitError } from '../../src/index.js'
import { failsWith } from '../support/errors.js'
import { adapterOf, openOne } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { within } from '../support/within.js'

interface Book {
  readonly starts: number
  readonly ends: readonly string[]
}

const pit = await openOne(adapterOf(import.meta.url, 'streams.py'), { concurrency: 64 })
test.after(() => pit.close())
const book = (name: string) => pit.execute<Book>('ledger', { name })

test('API-06, ERR-03: aborted from the start: rejects with the reason, and never reaches Python', async () => {
  const reason = { not: 'an error' }
  const signal = AbortSignal.abort(reason)
  assert.is(await reasonOf(pit.execute('ledger', { name: 'early' }, { signal })), reason)
  const stream = pit.stream('count', { n: 3, name: 'early' }, { signal })
  assert.is(await reasonOf(stream[Symbol.asyncIterator]().next()), reason)
  assert.is(await reasonOf(observed(stream)), reason)
  assert.is((await book('early')).starts, 0)
})

for (const [what, reason] of [
  ['an error', new TypeError('changed my mind')],
  ['undefined, which becomes an AbortError', undefined],
  ['a text', 'no'],
  ['a frozen object', Object.freeze({})],
] as const) {
  test(`API-06, ERR-03: an abort rejects with the reason of the signal itself: ${what}`, async () => {
    const controller = new AbortController()
    const call = reasonOf(pit.stream('silent', { name: what }, controller)[Symbol.asyncIterator]().next())
    await started(what)
    controller.abort(reason)
    controller.abort('again')
    assert.is(await within(call, 'the rejection', 1000), controller.signal.reason)
    if (reason !== undefined) assert.is(controller.signal.reason, reason)
    await left(what)
  })
}

test('API-06: aborted in the turn of the call', async () => {
  const controller = new AbortController()
  const call = reasonOf(pit.execute('plain', {}, { signal: controller.signal }))
  controller.abort()
  assert.is(((await call) as Error).name, 'AbortError')
})

test('API-06: AbortSignal.timeout and AbortSignal.any', async () => {
  const signal = AbortSignal.any([AbortSignal.timeout(50), new AbortController().signal])
  const error = await reasonOf(pit.stream('silent', { name: 'any' }, { signal })[Symbol.asyncIterator]().next())
  assert.is((error as Error).name, 'TimeoutError')
  assert.not.instance(error, SnakepitError)
  await left('any')
})

const ways: [string, (name: string) => Promise<unknown>][] = [
  [
    'return() while next() waits',
    async (name) => {
      const iterator = pit.stream('silent', { name })[Symbol.asyncIterator]()
      const waiting = iterator.next()
      await started(name)
      await within(Promise.resolve(iterator.return?.()), 'return()', 1000)
      assert.equal(await within(waiting, 'next()', 1000), { done: true, value: undefined })
    },
  ],
  [
    'unsubscribe',
    async (name) => {
      const subscription = pit.stream('silent', { name }).subscribe()
      await started(name)
      subscription.unsubscribe()
    },
  ],
  [
    'leaving an `await using` block',
    async (name) => {
      await using iterator = pit.stream('silent', { name })[Symbol.asyncIterator]()
      void iterator.next()
      await started(name)
    },
  ],
  ['a timeout', (name) => failsWith(drained(name, { timeout: 150 }), 'timeout', /'silent' did not end within 150 ms/)],
  ['an idle timeout', (name) => failsWith(drained(name, { idleTimeout: 150 }), 'idle_timeout', /no chunk.*150 ms/)],
]
for (const [way, leave] of ways) {
  test(`API-06, CANCEL-04: a silent stream is left by ${way}`, async () => {
    await leave(way)
    await left(way)
  })
}

test('API-06: break closes the generator', async () => {
  for await (const { seq } of pit.stream('count', { n: 1 << 30, name: 'break' })) if (seq === 500) break
  await pit.execute('plain')
  assert.equal((await book('break')).ends, ['closed'])
})

test('API-06: an error in the body of the loop closes the generator', async () => {
  const own = new Error('mine')
  const looping = (async () => {
    for await (const _ of pit.stream('count', { n: 1 << 30, name: 'throws' })) throw own
  })()
  assert.is(await reasonOf(looping), own)
  await pit.execute('plain')
  assert.equal((await book('throws')).ends, ['closed'])
})

test('API-06, guarantee:G10: nothing is delivered after an abort, although more has arrived', async () => {
  for (let at = 0; at < 100; at += 7) {
    const controller = new AbortController()
    const iterator = pit.stream('count_async', { n: 1000 }, controller)[Symbol.asyncIterator]()
    for (let index = 0; index <= at; index++) await iterator.next()
    controller.abort()
    assert.is(((await reasonOf(iterator.next())) as Error).name, 'AbortError')
    assert.equal(await iterator.next(), { done: true, value: undefined })
  }
})

test('API-06: who unsubscribes in `next` is told nothing more', async () => {
  let seen = 0
  await new Promise<void>((resolve, reject) => {
    const subscription = pit.stream('count', { n: 10_000 }).subscribe({
      next: () => {
        seen++
        subscription.unsubscribe()
        setImmediate(resolve)
      },
      error: reject,
      complete: () => reject(new Error('completed')),
    })
  })
  await pit.execute('plain')
  assert.is(seen, 1)
})

test('API-06, guarantee:G33: one signal for a thousand calls keeps no listener and warns of nothing', async () => {
  const { signal } = new AbortController()
  let listeners = 0
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...args: unknown[]) => {
    listeners++
    return Reflect.apply(addEventListener, signal, args)
  }
  signal.removeEventListener = (...args: unknown[]) => {
    listeners--
    return Reflect.apply(removeEventListener, signal, args)
  }
  await Promise.all(Array.from({ length: 900 }, () => pit.execute('plain', {}, { signal })))
  for (let index = 0; index < 20; index++) for await (const _ of pit.stream('count', { n: 2 }, { signal }));
  assert.is(listeners, 0)
})

test('STREAM-11: a reader that is slow is not an idle tool', async () => {
  const idleTimeout = 200
  const stream = pit.stream('count', { n: 6, name: 'slow' }, { idleTimeout, window: 1 })
  let seen = 0
  for await (const { seq } of stream) {
    seen++
    if (seq === 1) await new Promise((resolve) => setTimeout(resolve, 2 * idleTimeout))
  }
  assert.is(seen, 7)
})

/** The least that a class of signals of somebody else can do. */
class PlainSignal {
  aborted = false
  reason: unknown = undefined
  readonly listeners = new Set<(event: unknown) => void>()
  addEventListener(type: string, listener: (event: unknown) => void): void {
    if (type === 'abort') this.listeners.add(listener)
  }
  removeEventListener(_: string, listener: (event: unknown) => void): void {
    this.listeners.delete(listener)
  }
  abort(reason: unknown): void {
    Object.assign(this, { aborted: true, reason })
    for (const listener of this.listeners) listener({ type: 'abort' })
  }
}

/** A signal whose class is none of this realm: its methods work on the real one. */
function otherRealm() {
  const controller = new AbortController()
  const { signal } = controller
  const make = `({
    get aborted() { return signal.aborted },
    get reason() { return signal.reason },
    addEventListener: (...args) => signal.addEventListener(...args),
    removeEventListener: (...args) => signal.removeEventListener(...args),
  })`
  const foreign = runInNewContext(make, { signal }) as AbortSignal
  return { signal: foreign, abort: (reason: unknown) => controller.abort(reason) }
}

for (const [what, make] of [
  ['another realm', otherRealm],
  [
    'a class of its own',
    () => {
      const signal = new PlainSignal()
      return { signal: signal as unknown as AbortSignal, abort: (reason: unknown) => signal.abort(reason) }
    },
  ],
] as const) {
  test(`API-06, ERR-03: a signal of ${what} cancels, and is left when the call has ended`, async () => {
    const { signal, abort } = make()
    assert.not.instance(signal, AbortSignal)
    assert.is(await pit.execute('plain', {}, { signal }), 1)
    if (signal instanceof PlainSignal) assert.is(signal.listeners.size, 0)
    const call = reasonOf(pit.stream('silent', { name: what }, { signal })[Symbol.asyncIterator]().next())
    await started(what)
    abort('enough')
    assert.is(await within(call, 'the rejection'), 'enough')
    await left(what)
    assert.is(await reasonOf(pit.execute('plain', {}, { signal })), 'enough')
    if (signal instanceof PlainSignal) assert.is(signal.listeners.size, 0)
  })
}

test('API-13: what is no signal is refused, however much of one it is', async () => {
  const { addEventListener, removeEventListener } = EventTarget.prototype
  const almost = [
    new EventTarget(),
    { aborted: false, addEventListener, removeEventListener },
    { aborted: false, reason: undefined, addEventListener },
    { aborted: 'no', reason: undefined, addEventListener, removeEventListener },
    new Proxy(
      {},
      {
        get: () => {
          throw new Error('no')
        },
      },
    ),
  ]
  for (const signal of almost) {
    await failsWith(
      pit.execute('plain', {}, { signal: signal as never }),
      'invalid_option',
      /`signal` to be an AbortSignal/,
    )
  }
})

async function drained(name: string, options: object): Promise<void> {
  for await (const _ of pit.stream('silent', { name }, options));
}

function observed(stream: ReturnType<typeof pit.stream>): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.subscribe({ error: reject, complete: resolve })
  })
}

async function started(name: string): Promise<void> {
  await within(
    reach(name, (seen) => seen.starts > 0),
    `${name} to begin`,
    5000,
  )
}

async function left(name: string): Promise<void> {
  await within(
    reach(name, (seen) => seen.ends.includes('finally')),
    `${name} to be left`,
    5000,
  )
}

async function reach(name: string, holds: (seen: Book) => boolean): Promise<void> {
  while (!holds(await book(name)));
}

test.run()
