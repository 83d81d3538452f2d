// However a host program ends, and wherever its pools are, nobody is left.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { allGone } from '../support/processes.js'
import { gathered, run, start, until } from './host.js'

const ends: [string, number | string, RegExp][] = [
  ['is aborted', 'SIGABRT', /./],
  ['throws in a timer', 1, /out of ideas/],
  ['rejects where nobody looks', 1, /out of ideas/],
]
for (const [way, status, complains] of ends) {
  test(`CLEAN-01, guarantee:G1: a host that ${way} leaves nobody`, async () => {
    const { code, signal, errors, pids } = await run({ way, shell: 'ulimit -c 0' })
    // Node's way to abort is a trap on some machines.
    assert.ok((signal === 'SIGTRAP' ? 'SIGABRT' : (signal ?? code)) === status, `${signal ?? code}: ${errors}`)
    assert.match(errors, complains)
    assert.is(pids.length, 1)
    await allGone(pids, 2000)
  })
}

for (const signals of [['SIGINT', 'SIGINT'], ['SIGQUIT'], ['SIGPIPE', 'SIGUSR2']] as const) {
  test(`CLEAN-01, guarantee:G1: ${signals.join(', ')} to a host whose worker is busy leaves nobody`, async () => {
    const host = start({ way: 'waits for a signal', shell: 'ulimit -c 0' })
    const out = gathered(host)
    await until(host, out.facts, 'ready')
    for (const signal of signals) host.kill(signal)
    const { pids } = await out
    await allGone(pids, 2000)
  })
}

test('CLEAN-02, API-01: Ctrl-C twice: the first drains, the second closes at once, and the program ends by itself', async () => {
  const host = start({ way: 'closes at a signal, at once at the next' })
  const out = gathered(host)
  await until(host, out.facts, 'ready')
  host.kill('SIGINT')
  await until(host, out.facts, 'signals')
  host.kill('SIGINT')
  const { code, facts, pids, errors } = await out
  assert.is(code, 0, errors)
  assert.equal(facts.filter((fact) => 'closed' in fact).length, 2)
  await allGone(pids, 1000)
})

test('CLEAN-01: a thread that is terminated takes the workers of its pools along', async () => {
  const host = start({ way: 'ends a thread that has a pool' })
  const out = gathered(host)
  await until(host, out.facts, 'terminated')
  const pids = out.facts.flatMap(({ pids = [] }) => pids)
  assert.is(pids.length, 1)
  await allGone(pids, 2000)
  host.kill('SIGKILL')
  await out
})

test('API-02, STREAM-01: with timers that do not run, calls and streams end all the same', async () => {
  const { code, facts, errors } = await run({ way: 'has timers that do not run' })
  assert.is(code, 0, errors)
  assert.equal(facts.at(-1), { seen: 'without time', count: 1000 })
})

test.run()
