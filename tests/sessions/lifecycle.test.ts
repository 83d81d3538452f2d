// How long an adapter's instance lives: as long as a session, or a call.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { failsWith } from '../support/errors.js'
import { Ledger } from '../support/ledger.js'
import { adapterOf, openOne } from '../support/pit.js'

type NumberAndCalls = [number: number, calls: number]
const adapter = adapterOf(import.meta.url, 'lives.py')

test('PY-03: lifecycle "session": an instance for each session, from its first call to its end', async () => {
  const ledger = new Ledger()
  await using pit = await openOne(`${adapter}:PerSession`, { env: ledger.env })
  const [one, other] = [pit.session('one'), pit.session('other')]
  assert.equal(ledger.lines(), [])
  assert.equal(await one.execute<NumberAndCalls>('number_and_calls'), [1, 1])
  assert.equal(await other.execute<NumberAndCalls>('number_and_calls'), [2, 1])
  assert.equal(await one.execute<NumberAndCalls>('number_and_calls'), [1, 2])
  await one.end()
  await ledger.has('cleaned 1')
  assert.equal(
    ledger.lines().filter((line) => line.includes('1') || line.includes('one')),
    ['made 1', 'start one on 1', 'end one ended on 1', 'cleaned 1'],
  )
  assert.equal(await other.execute<NumberAndCalls>('number_and_calls'), [2, 2])
  assert.equal(await pit.session('one').execute<NumberAndCalls>('number_and_calls'), [3, 1])
  await pit.close()
  assert.equal(ledger.lines('cleaned').sort(), ['cleaned 1', 'cleaned 2', 'cleaned 3'])
  assert.equal(ledger.lines('end other'), ['end other worker_stopping on 2'])
})

test('PY-03: lifecycle "session": a call without a session is told what it needs', async () => {
  const ledger = new Ledger()
  await using pit = await openOne(`${adapter}:PerSession`, { env: ledger.env })
  await failsWith(
    pit.execute('number_and_calls'),
    'invalid_parameter',
    /call it within a session, `pit\.session\(id\)`/,
  )
  assert.equal(ledger.lines(), [])
})

test('PY-03: lifecycle "call": an instance for each call, cleaned up after it', async () => {
  const ledger = new Ledger()
  await using pit = await openOne(`${adapter}:PerCall`, { env: ledger.env })
  for (const number of [1, 2, 3]) {
    assert.equal(await pit.execute<NumberAndCalls>('number_and_calls'), [number, 1])
  }
  assert.equal(await pit.session('s').execute<NumberAndCalls>('number_and_calls'), [4, 1])
  await pit.close()
  assert.equal(
    ledger.lines(),
    [1, 2, 3, 4].flatMap((number) => [`made ${number}`, `cleaned ${number}`]),
  )
})

test('PY-03: lifecycle "worker": one instance, made before the worker is ready', async () => {
  const ledger = new Ledger()
  await using pit = await openOne(`${adapter}:Numbered`, { env: ledger.env })
  assert.equal(ledger.lines(), ['made 1'])
  assert.equal(await pit.execute<NumberAndCalls>('number_and_calls'), [1, 1])
  assert.equal(await pit.session('s').execute<NumberAndCalls>('number_and_calls'), [1, 2])
  await pit.close()
  assert.equal(ledger.lines(), ['made 1', 'cleaned 1'])
})

test.run()
