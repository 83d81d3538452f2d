// What runs twice: calls that say that it does no harm, before they gave anything, and within a budget.
// timeout: 120 s
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { PythonError, type Snakepit, SnakepitError, type SnakepitOptions } from '../../src/index.js'
import { failsWith } from '../support/errors.js'
import { Ledger } from '../support/ledger.js'
import { adapterOf, openOne, patience } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { within } from '../support/within.js'

const adapter = adapterOf(import.meta.url, 'flaky.py')
let nonces = 0

interface Bench {
  readonly pit: Snakepit
  /** How often a call has begun in Python. */
  readonly runs: (nonce: number) => number
}

async function withPit(options: Partial<SnakepitOptions>, run: (bench: Bench) => Promise<void>): Promise<void> {
  const ledger = new Ledger()
  const undeterred = { restart: { backoff: 0, jitter: 0, maxCrashes: 1000 }, barrier: false } as const
  const pit = await openOne(adapter, { env: ledger.env, ...undeterred, ...options })
  try {
    await run({ pit, runs: (nonce) => ledger.lines(`start ${nonce} `).length })
  } finally {
    await pit.close()
  }
}

test('FAULT-02, guarantee:G12: a call that says nothing runs once', () =>
  withPit({}, async ({ pit, runs }) => {
    const nonce = nonces++
    const error = await failsWith(pit.execute('dies', { nonce, times: 1 }), 'worker_crashed')
    assert.ok(error.mayHaveRun)
    assert.is(await pit.execute('dies', { nonce: nonces++, times: 0 }), 1)
    assert.is(runs(nonce), 1)
    assert.is(pit.stats().retries, 0)
  }))

test('FAULT-02, guarantee:G13: an idempotent call runs again on another worker', () =>
  withPit({}, async ({ pit, runs }) => {
    const nonce = nonces++
    assert.is(await pit.execute('dies', { nonce, times: 1 }, { idempotent: true }), 2)
    assert.is(runs(nonce), 2)
    const { submitted, completed, lost, retries } = pit.stats()
    assert.equal({ submitted, completed, lost, retries }, { submitted: 2, completed: 1, lost: 1, retries: 1 })
  }))

test('FAULT-02: a call that was there at two crashes never meets a third worker', () =>
  withPit({ retry: { attempts: 10, backoff: 1 } }, async ({ pit, runs }) => {
    const nonce = nonces++
    await failsWith(pit.execute('dies', { nonce, times: 9 }, { idempotent: true }), 'worker_crashed')
    assert.is(runs(nonce), 2)
  }))

test('FAULT-02: the crash barrier ends the runs too, and the caller hears of the crash', () =>
  withPit({ barrier: { crashes: 1 } }, async ({ pit, runs }) => {
    const nonce = nonces++
    const options = { idempotent: true, poisonKey: 'this one' }
    const error = await failsWith(pit.execute('dies', { nonce, times: 9 }, options), 'worker_crashed')
    assert.ok(error.mayHaveRun, 'a refusal of the second run says nothing about the first')
    assert.is(runs(nonce), 1)
    const other = nonces++
    await failsWith(pit.execute('dies', { nonce: other, times: 0 }, options), 'tool_quarantined', /with key 'this one'/)
    assert.is(await pit.execute('dies', { nonce: other, times: 0 }, { poisonKey: 'another' }), 1)
  }))

test('FAULT-02: a stream runs again before its first chunk, and never after', () =>
  withPit({}, async ({ pit, runs }) => {
    const [early, late] = [nonces++, nonces++]
    const seen: unknown[] = []
    const stream = (nonce: number, after: number) =>
      pit.stream('streams', { nonce, times: 1, after }, { idempotent: true }).values()
    for await (const value of stream(early, 0)) seen.push(value)
    assert.equal(seen, [0, 1, 2, 3, 4])
    assert.is(runs(early), 2)

    const error = await reasonOf(
      (async () => {
        for await (const value of stream(late, 2)) seen.push(value)
      })(),
    )
    assert.ok(error instanceof SnakepitError && error.code === 'worker_crashed' && error.mayHaveRun)
    assert.is(runs(late), 1)
  }))

test('FAULT-02: `retry` says which errors are worth another run', () =>
  withPit({ retry: { on: ['python_error'], backoff: 1 } }, async ({ pit, runs }) => {
    const [raising, dying] = [nonces++, nonces++]
    assert.is(await pit.execute('raises', { nonce: raising, times: 2 }, { idempotent: true }), 3)
    await failsWith(pit.execute('dies', { nonce: dying, times: 1 }, { idempotent: true }), 'worker_crashed')
    assert.is(runs(dying), 1)
  }))

test('FAULT-02: a function may look at the error; what it throws is what the caller hears', () => {
  const on = (error: SnakepitError) => {
    if (error instanceof PythonError && error.exception.message === 'run 2') throw new RangeError('enough')
    return error instanceof PythonError
  }
  return withPit({ retry: { on, backoff: 1 } }, async ({ pit, runs }) => {
    const nonce = nonces++
    const error = await reasonOf(pit.execute('raises', { nonce, times: 9 }, { idempotent: true }))
    assert.instance(error, RangeError)
    assert.is(runs(nonce), 2)
  })
})

test('FAULT-02: `retry: false` runs everything once', () =>
  withPit({ retry: false }, async ({ pit, runs }) => {
    const nonce = nonces++
    await failsWith(pit.execute('dies', { nonce, times: 1 }, { idempotent: true }), 'worker_crashed')
    assert.is(runs(nonce), 1)
  }))

test('FAULT-02, CANCEL-04: an abort ends the wait for the next run', () =>
  withPit({ retry: { backoff: 60_000, maxBackoff: 60_000, jitter: 0 }, timeout: 100_000 }, async ({ pit, runs }) => {
    const nonce = nonces++
    const controller = new AbortController()
    const { signal } = controller
    const call = reasonOf(pit.execute('dies', { nonce, times: 1 }, { idempotent: true, signal }))
    await pit.execute('whoami', {}, { queueTimeout: patience })
    controller.abort('no more')
    assert.is(await within(call, 'the abort'), 'no more')
    assert.is(runs(nonce), 1)
  }))

test('FAULT-02, CANCEL-04: no run is begun that the deadline would not see', () =>
  withPit({ retry: { backoff: 60_000, maxBackoff: 60_000, jitter: 0 } }, async ({ pit, runs }) => {
    const nonce = nonces++
    const began = performance.now()
    const call = pit.execute('dies', { nonce, times: 1 }, { idempotent: true, timeout: 20_000 })
    await failsWith(call, 'worker_crashed')
    assert.ok(performance.now() - began < 10_000)
    assert.is(runs(nonce), 1)
  }))

test('FAULT-02, guarantee:G13: when everything fails, the load grows by the budget and no more', () =>
  withPit({ retry: { backoff: 1, on: ['python_error'], attempts: 5 }, concurrency: 4 }, async ({ pit }) => {
    const calls = 400
    const began = performance.now()
    const all = Array.from({ length: calls }, () =>
      reasonOf(pit.execute('raises', { nonce: nonces++, times: 99 }, { idempotent: true })),
    )
    await within(Promise.all(all), 'the end of all calls', 60_000)
    const seconds = (performance.now() - began) / 1000
    const { submitted, retries } = pit.stats()
    assert.is(submitted, calls + retries)
    const most = 0.2 * calls + 10 * seconds + 10 + 1
    assert.ok(retries > 0.15 * calls && retries <= most, `${retries} further runs of ${calls} calls in ${seconds} s`)
  }))

test('FAULT-01, FAULT-02: calls that wait, or were never sent, run elsewhere whether they are idempotent or not', () =>
  withPit({ size: 2, concurrency: 2, queueTimeout: 20_000 }, async ({ pit, runs }) => {
    await pit.ready()
    let unsaid = 0
    for (let round = 0; round < 20; round++) {
      const nonce = nonces++
      for await (const pid of pit.stream<number>('waits', { nonce }, { timeout: 60_000 }).values()) {
        process.kill(pid as number, 'SIGKILL')
        // Sent in the moment between its death and the news of it.
        const errors = await Promise.all(
          Array.from({ length: 10 }, () =>
            pit.execute('whoami').then(
              () => undefined,
              (error: unknown) => error,
            ),
          ),
        )
        for (const error of errors) {
          if (error === undefined) continue
          assert.ok(
            error instanceof SnakepitError && error.code === 'worker_crashed' && error.mayHaveRun,
            String(error),
          )
          unsaid++
        }
        break
      }
      assert.is(runs(nonce), 1)
    }
    assert.ok(unsaid <= 40, `${unsaid} calls were lost that only two slots were for`)
  }))

for (const [retry, expected] of [
  [true, /expected `retry` to be an object or false, got true/],
  [{ attempts: 0 }, /expected `retry\.attempts` to be an integer from 1 up, got 0/],
  [{ jitter: 2 }, /expected `retry\.jitter` to be a number from 0 to 1, got 2/],
  [{ on: ['worker_crash'] }, /expected `retry\.on` to be error codes, one of them is 'worker_crash'/],
  [{ budget: { share: -1 } }, /expected `retry\.budget\.share` to be a number from 0 up, got -1/],
  [{ attempt: 3 }, /unknown option 'attempt' of `retry`: did you mean 'attempts'/],
] as const) {
  test(`FAULT-02: options that make no sense: retry: ${JSON.stringify(retry)}`, async () => {
    await failsWith(openOne(adapter, { retry: retry as never }), 'invalid_option', expected)
  })
}

test.run()
