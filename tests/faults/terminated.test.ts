// SIGTERM of the host lets its calls finish; Ctrl-C in a terminal leaves the workers to the host.
// timeout: 480 s
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { Ledger } from '../support/ledger.js'
import { adapterOf } from '../support/pit.js'
import { allGone, descendantsOf, isAlive } from '../support/processes.js'
import { within } from '../support/within.js'

const program = fileURLToPath(new URL('terminated-host.ts', import.meta.url))
const adapter = adapterOf(import.meta.url, 'patient.py')

interface Plan {
  readonly calls: number
  readonly seconds: number
  readonly drain: number
  readonly plan?: string
}

/** A host whose calls have all begun, or wait in its queue. */
async function startHost({ calls, seconds, drain, plan = undefined }: Plan) {
  const ledger = new Ledger()
  const words = [program, adapter, calls, seconds, drain, plan ?? ''].map(String)
  const host = spawn(process.execPath, ['--import', 'tsx', ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...ledger.env },
    // A group of its own, as a terminal makes one.
    detached: true,
  })
  const lines: string[] = []
  createInterface(host.stdout).on('line', (line) => lines.push(line))
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    host.once('close', (code, signal) => resolve({ code, signal }))
  })
  await eventually(() => lines.includes('up'), 'the host to be up', 30_000)
  await ledger.has('begin', Math.min(calls, 100))
  const family = descendantsOf(host.pid as number)
  const end = async () => {
    const how = await within(ended, 'the end of the host', 60_000)
    await allGone(family, 2_000)
    return { ...how, lines: lines.slice(1), began: ledger.lines('begin').length, ended: ledger.lines('end').length }
  }
  return { pid: host.pid as number, ledger, lines, end }
}

/** How a program ends that a signal has ended. */
const bySignal = { code: null, signal: 'SIGTERM' }

test('CLEAN-02, guarantee:G23: SIGTERM: 200 calls in flight all succeed, and then the program ends by it', async () => {
  const drain = 10_000
  const { pid, end } = await startHost({ calls: 200, seconds: 2, drain })
  const told = performance.now()
  process.kill(pid, 'SIGTERM')
  assert.equal(await end(), { ...bySignal, lines: ['200 done, 0 failed'], began: 200, ended: 200 })
  assert.ok(performance.now() - told < drain + 3_000, `${performance.now() - told} ms`)
})

test('CLEAN-02, guarantee:G23: calls that need longer than the grace are ended, within grace + 3 s', async () => {
  const { pid, end } = await startHost({ calls: 100, seconds: 60, drain: 500 })
  const told = performance.now()
  process.kill(pid, 'SIGTERM')
  const { signal, lines } = await end()
  assert.equal([signal, lines], ['SIGTERM', ['0 done, 100 failed']])
  assert.ok(performance.now() - told < 3_500, `${performance.now() - told} ms`)
})

test('CLEAN-02: a second SIGTERM waits for nothing', async () => {
  const { pid, end } = await startHost({ calls: 100, seconds: 60, drain: 60_000 })
  const told = performance.now()
  process.kill(pid, 'SIGTERM')
  await new Promise((resolve) => setImmediate(resolve))
  // Two signals that come together are one.
  const again = setInterval(() => process.kill(pid, 'SIGTERM'), 300)
  const { signal, lines } = await end().finally(() => clearInterval(again))
  assert.equal([signal, lines], ['SIGTERM', ['0 done, 100 failed']])
  assert.ok(performance.now() - told < 5_000, `${performance.now() - told} ms`)
})

for (const [plan, lines] of [
  ['looks on', ['4 done, 0 failed', 'exit null SIGTERM']],
  ['looks on as it was done before', ['4 done, 0 failed', 'exit null SIGTERM']],
  ['has a child', ['4 done, 0 failed']],
  ['has two copies', ['4 done, 0 failed']],
] as const) {
  test(`CLEAN-02: a program that ${plan} waits for its calls and ends by SIGTERM, with everybody below it`, async () => {
    const { pid, end } = await startHost({ calls: 4, seconds: 1, drain: 60_000, plan })
    process.kill(pid, 'SIGTERM')
    assert.equal(await end(), { ...bySignal, lines: [...lines], began: 4, ended: 4 })
  })
}

for (const plan of ['listens', 'listens before']) {
  test(`CLEAN-02: a program that ${plan} goes on; its calls finish, its workers stay, new calls are refused`, async () => {
    const { pid, ledger, lines, end } = await startHost({ calls: 4, seconds: 1, drain: 100, plan })
    process.kill(pid, 'SIGTERM')
    await ledger.has('end', 4)
    await eventually(() => lines.includes('4 done, 0 failed'), 'the program to hear of it')
    process.kill(pid, 'SIGTERM')
    await eventually(() => lines.filter((line) => line === 'told').length === 2, 'the program to be told again')
    assert.ok(descendantsOf(pid).length > 0, 'the workers are there')
    process.kill(pid, 'SIGKILL')
    assert.equal((await end()).lines, ['told', '4 done, 0 failed', 'told'])
  })
}

test('CLEAN-02: a program that listens once is told, and ends by the second SIGTERM, which waits for nothing', async () => {
  const plan = 'listens for the first one'
  const { pid, lines, end } = await startHost({ calls: 4, seconds: 60, drain: 60_000, plan })
  process.kill(pid, 'SIGTERM')
  await eventually(() => lines.includes('told'), 'the program to be told')
  assert.ok(isAlive(pid))
  process.kill(pid, 'SIGTERM')
  const { code, signal, lines: said } = await end()
  assert.equal({ code, signal, said }, { ...bySignal, said: ['told', '0 done, 4 failed'] })
})

test('CLEAN-02: a program that closes by itself ends as it says', async () => {
  const { pid, end } = await startHost({ calls: 4, seconds: 1, drain: 60_000, plan: 'closes and ends' })
  process.kill(pid, 'SIGTERM')
  const { code, lines, ended } = await end()
  assert.equal([code, lines.sort(), ended], [7, ['4 done, 0 failed', 'closed'], 4])
})

test('CLEAN-02: SIGTERM while a program opens ends it, and what it has started', async () => {
  const { pid, end } = await startHost({ calls: 0, seconds: 0, drain: 60_000, plan: 'opens' })
  await eventually(() => descendantsOf(pid).length > 0, 'something to be started')
  const started = descendantsOf(pid)
  process.kill(pid, 'SIGTERM')
  assert.is((await end()).signal, 'SIGTERM')
  await allGone(started, 5_000)
})

test('CLEAN-02: `drainOnSigterm: false` lets SIGTERM end the program at once', async () => {
  const { pid, end } = await startHost({ calls: 4, seconds: 60, drain: 60_000, plan: 'drops' })
  process.kill(pid, 'SIGTERM')
  assert.is((await end()).signal, 'SIGTERM')
})

test('CLEAN-02, guarantee:G23: Ctrl-C in a terminal does not kill workers under a running drain', async () => {
  const { pid, end } = await startHost({ calls: 100, seconds: 2, drain: 20_000, plan: 'asks' })
  process.kill(-pid, 'SIGINT')
  const { code, lines, ended } = await end()
  assert.equal([code, lines.sort(), ended], [0, ['100 done, 0 failed', 'closed'], 100])
})

test.run()
