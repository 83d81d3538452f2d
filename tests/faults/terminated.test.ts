// SIGTERM of the host lets its calls finish; Ctrl-C in a terminal leaves the workers to the host.
// timeout: 120 s
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { Ledger } from '../support/ledger.js'
import { adapterOf } from '../support/pit.js'
import { allGone, descendantsOf } from '../support/processes.js'
import { within } from '../support/within.js'

const program = fileURLToPath(new URL('terminated-host.ts', import.meta.url))
const adapter = adapterOf(import.meta.url, 'patient.py')

interface Plan {
  readonly calls: number
  readonly seconds: number
  readonly drain: number
  readonly plan?: 'listens' | 'asks' | 'drops'
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

test('CLEAN-02, guarantee:G23: SIGTERM: 200 calls in flight all succeed, and the program ends with status 0', async () => {
  const drain = 10_000
  const { pid, end } = await startHost({ calls: 200, seconds: 2, drain })
  const told = performance.now()
  process.kill(pid, 'SIGTERM')
  assert.equal(await end(), { code: 0, signal: null, lines: ['200 done, 0 failed'], began: 200, ended: 200 })
  assert.ok(performance.now() - told < drain + 3_000, `${performance.now() - told} ms`)
})

test('CLEAN-02, guarantee:G23: calls that need longer than the grace are ended, within grace + 3 s', async () => {
  const { pid, end } = await startHost({ calls: 100, seconds: 60, drain: 500 })
  const told = performance.now()
  process.kill(pid, 'SIGTERM')
  const { code, lines } = await end()
  assert.equal([code, lines], [0, ['0 done, 100 failed']])
  assert.ok(performance.now() - told < 3_500, `${performance.now() - told} ms`)
})

test('CLEAN-02: a second SIGTERM waits for nothing', async () => {
  const { pid, end } = await startHost({ calls: 100, seconds: 60, drain: 60_000 })
  const told = performance.now()
  process.kill(pid, 'SIGTERM')
  await new Promise((resolve) => setImmediate(resolve))
  // Two signals that come together are one.
  const again = setInterval(() => process.kill(pid, 'SIGTERM'), 300)
  const { code, lines } = await end().finally(() => clearInterval(again))
  assert.equal([code, lines], [0, ['0 done, 100 failed']])
  assert.ok(performance.now() - told < 5_000, `${performance.now() - told} ms`)
})

test('CLEAN-02: a program that listens for SIGTERM is left alone', async () => {
  const { pid, ledger, lines, end } = await startHost({ calls: 4, seconds: 1, drain: 60_000, plan: 'listens' })
  process.kill(pid, 'SIGTERM')
  await ledger.has('end', 4)
  await eventually(() => lines.includes('4 done, 0 failed'), 'the program to hear of it')
  assert.ok(descendantsOf(pid).length > 0, 'the workers are there')
  process.kill(pid, 'SIGKILL')
  assert.equal((await end()).lines, ['the program has its own plan', '4 done, 0 failed'])
})

test('CLEAN-02: `drainOnSigterm: false` lets SIGTERM end the program at once', async () => {
  const { pid, end } = await startHost({ calls: 4, seconds: 60, drain: 60_000, plan: 'drops' })
  process.kill(pid, 'SIGTERM')
  assert.equal((await end()).signal, 'SIGTERM')
})

test('CLEAN-02, guarantee:G23: Ctrl-C in a terminal does not kill workers under a running drain', async () => {
  const { pid, end } = await startHost({ calls: 100, seconds: 2, drain: 20_000, plan: 'asks' })
  process.kill(-pid, 'SIGINT')
  const { code, lines, ended } = await end()
  assert.equal([code, lines.sort(), ended], [0, ['100 done, 0 failed', 'closed'], 100])
})

test.run()
