// A tool that kills workers is kept from killing them all; a worker in doubt is replaced.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Snakepit } from '../../src/index.js'
import { failsWith } from '../support/errors.js'
import { eventually } from '../support/eventually.js'
import { adapterOf } from '../support/pit.js'

const adapter = adapterOf(import.meta.url, 'crashes.py')
const restart = { backoff: 0, jitter: 0, maxCrashes: 1000 }

test('FAULT-03: a tool that was there at two crashes is refused; the others are served', async () => {
  await using pit = await Snakepit.open({ adapter, size: 3, drain: 0, restart })
  await pit.ready()
  for (let crash = 0; crash < 2; crash++) await failsWith(pit.execute('segfaults'), 'worker_crashed')
  const error = await failsWith(
    pit.execute('segfaults'),
    'tool_quarantined',
    /'segfaults' was refused: it was running when 2 workers crashed \(`barrier`\); try again in \d+ s/,
  )
  assert.equal([error.mayHaveRun, error.category, error.details.crashes], [false, 'pool', 2])
  assert.type(await pit.execute('whoami'), 'number')
  const { quarantined, crashes } = pit.stats()
  assert.equal([quarantined, crashes], [1, { segfault: 2 }])
})

test('FAULT-03: calls that wait are kept from the workers, too', async () => {
  await using pit = await Snakepit.open({ adapter, size: 1, drain: 0, restart })
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => pit.execute('aborts')))
  const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'value'))
  assert.is(codes.filter((code) => code === 'worker_crashed').length, 2)
  assert.is(codes.filter((code) => code === 'tool_quarantined').length, 48)
  assert.type(await pit.execute('whoami'), 'number')
})

test('FAULT-03: after a while the tool is tried again', async () => {
  const barrier = { crashes: 1, within: 300 }
  await using pit = await Snakepit.open({ adapter, size: 1, drain: 0, restart, barrier })
  await failsWith(pit.execute('exits', { code: 1 }), 'worker_crashed')
  const refused = await failsWith(pit.execute('exits', { code: 1 }), 'tool_quarantined', /try again in \d+ ms/)
  const retryAt = performance.now() + Number(refused.details.retryInMs)
  await eventually(() => performance.now() > retryAt, 'the end of the quarantine')
  await failsWith(pit.execute('exits', { code: 1 }), 'worker_crashed')
})

test('FAULT-03: without a barrier every call finds its worker', async () => {
  await using pit = await Snakepit.open({ adapter, size: 1, drain: 0, restart, barrier: false })
  for (let crash = 0; crash < 4; crash++) await failsWith(pit.execute('exits', { code: 1 }), 'worker_crashed')
  assert.is(pit.stats().quarantined, 0)
})

const classes: [string, object, string][] = [
  ['segfaults', {}, 'segfault'],
  ['aborts', {}, 'abort'],
]
for (const [tool, args, kind] of classes) {
  test(`FAULT-03: the class of a crash is counted: ${tool} is ${kind}`, async () => {
    await using pit = await Snakepit.open({ adapter, size: 1, drain: 0, restart })
    await failsWith(pit.execute(tool, { ...args }), 'worker_crashed')
    await pit.execute('whoami')
    assert.equal(pit.stats().crashes, { [kind]: 1 })
  })
}

test('FAULT-04: a circuit breaker opens, lets one call try, and opens again when that fails', async () => {
  const toolBreaker = { failures: 2, cooldown: 200 }
  await using pit = await Snakepit.open({ adapter, size: 1, drain: 0, restart, barrier: false, toolBreaker })
  for (let crash = 0; crash < 2; crash++) await failsWith(pit.execute('exits', { code: 1 }), 'worker_crashed')
  const refused = await failsWith(pit.execute('exits', { code: 1 }), 'circuit_open', /calls of it failed/)
  assert.equal(pit.stats().breakers.tools, { exits: 'open' })
  assert.type(await pit.execute('whoami'), 'number')
  const retryAt = performance.now() + Number(refused.details.retryInMs)
  await eventually(() => performance.now() > retryAt, 'the cooldown')
  await failsWith(pit.execute('exits', { code: 1 }), 'worker_crashed')
  await failsWith(pit.execute('exits', { code: 1 }), 'circuit_open')
})

test.run()
