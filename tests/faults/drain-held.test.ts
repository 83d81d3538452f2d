// Draining counts the calls that were accepted and are with no worker just now: before another run, behind a rebuild.
import { firstValueFrom } from 'rxjs'
import { filter } from 'rxjs/operators'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Snakepit, type SnakepitOptions } from '../../src/index.js'
import { deferred } from '../support/deferred.js'
import { failsWith } from '../support/errors.js'
import { Ledger } from '../support/ledger.js'
import { adapterOf } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { quiet, within } from '../support/within.js'

let nonces = 0

/** A pool with a call that has lost its worker and pauses before it runs again. */
async function pausing(backoff: number, options: { readonly signal?: AbortSignal } = {}) {
  const ledger = new Ledger()
  const undeterred: Partial<SnakepitOptions> = { restart: { backoff: 0, maxCrashes: 1000 }, barrier: false }
  const retry = { backoff, maxBackoff: backoff, jitter: 0 }
  const adapter = adapterOf(import.meta.url, 'flaky.py')
  const pit = await Snakepit.open({ adapter, size: 1, env: ledger.env, ...undeterred, retry })
  const exited = firstValueFrom(pit.events$.pipe(filter(({ type }) => type === 'worker-exited')))
  const call = pit.execute<number>(
    'dies',
    { nonce: nonces++, times: 1 },
    { idempotent: true, timeout: 120_000, ...options },
  )
  call.catch(() => undefined)
  await within(exited, 'the crash')
  await quiet()
  assert.equal([pit.stats().queued, pit.stats().running], [0, 0])
  return { pit, call }
}

test('API-10, FAULT-02: a drain waits for a call that pauses before another run, and lets it run', async () => {
  const { pit, call } = await pausing(300)
  let value: number | undefined
  void call.then((ran) => {
    value = ran
  })
  assert.is(await pit.drain(30_000), true)
  await quiet()
  assert.is(value, 2)
  await failsWith(pit.execute('dies', { nonce: nonces++, times: 0 }, { idempotent: true }), 'pool_closed')
  await pit.close()
})

test('API-10: a drain that is over in the meantime says so, and `close` ends the call with how it failed', async () => {
  const { pit, call } = await pausing(60_000)
  assert.is(await pit.drain(20), false)
  await within(pit.close({ drain: 20 }), 'close')
  const error = await failsWith(within(call, 'the call'), 'worker_crashed')
  assert.ok(error.mayHaveRun)
})

test('API-10: a drain is over when the last call that pauses is cancelled', async () => {
  const controller = new AbortController()
  const { pit, call } = await pausing(60_000, { signal: controller.signal })
  const drained = pit.drain(30_000)
  await quiet()
  controller.abort('enough')
  assert.is(await reasonOf(call), 'enough')
  assert.is(await within(drained, 'the drain'), true)
  await pit.close()
})

/** A pool with a session whose state is being built again, and a call that waits for that. */
async function rebuilding() {
  const ledger = new Ledger()
  const pit = await Snakepit.open({
    adapter: new URL('../sessions/adapters/keeper.py', import.meta.url),
    size: 1,
    affinity: 'strict_queue',
    env: ledger.env,
    restart: { backoff: 0, maxCrashes: 1000 },
    barrier: false,
  })
  const [begun, go] = [deferred(), deferred()]
  const session = pit.session('kept', {
    onLost: async (calls) => {
      begun.resolve()
      await go.promise
      await calls.execute('put', { key: 'k', value: 'again' })
      await pit.execute('grow', {}, { session: 'kept' })
    },
  })
  await session.execute('grow')
  await failsWith(session.execute('dies'), 'worker_crashed')
  await within(begun.promise, 'the hook')
  const call = session.execute('get', { key: 'k' })
  call.catch(() => undefined)
  return { pit, session, go, call }
}

test('API-10, SESSION-07: a drain waits for a call behind a rebuild, and takes what the rebuild needs', async () => {
  const { pit, session, go, call } = await rebuilding()
  const drained = pit.drain(30_000)
  await failsWith(session.execute('get', { key: 'k' }), 'pool_closed')
  go.resolve()
  assert.is(await drained, true)
  assert.is(await within(call, 'the call'), 'again')
  await pit.close()
})

test('API-10, SESSION-07: a rebuild that takes too long is left, and who waited for it is told', async () => {
  const { pit, go, call } = await rebuilding()
  await within(pit.close({ drain: 20 }), 'close')
  await failsWith(within(call, 'the call'), 'pool_closed')
  go.resolve()
})

test.run()
