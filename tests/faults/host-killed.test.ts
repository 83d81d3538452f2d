// When the host dies, everything that it has started dies with it, whatever that is doing.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { adapterOf } from '../support/pit.js'
import { allGone, isAlive } from '../support/processes.js'
import { within } from '../support/within.js'

const program = fileURLToPath(new URL('host-program.ts', import.meta.url))
const adapter = adapterOf(import.meta.url, 'family.py')

for (const running of ['', 'idles', 'streams', 'holds_the_gil', 'ignores_sigterm']) {
  test(`CLEAN-01, guarantee:G1: SIGKILL of the host while its worker ${running || 'rests'}: all gone within 2 s`, async () => {
    const { host, pids } = await startHost(running)
    host.kill('SIGKILL')
    await allGone(pids, 2000)
  })
}

for (const signal of ['SIGABRT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`CLEAN-01, guarantee:G1: ${signal} to the host: all gone within 2 s`, async () => {
    const { host, pids } = await startHost('idles')
    host.kill(signal)
    await allGone(pids, 2000)
  })
}

test('CLEAN-03: two hosts on one machine: the end of one leaves the other alone', async () => {
  const [one, other] = await Promise.all([startHost('idles'), startHost('idles')])
  one.host.kill('SIGKILL')
  await allGone(one.pids, 2000)
  assert.ok(other.pids.every(isAlive))
  other.host.kill('SIGKILL')
  await allGone(other.pids, 2000)
})

/** A host program whose workers have families; all of its processes but itself. */
async function startHost(running: string): Promise<{ host: ChildProcess; pids: number[] }> {
  const host = spawn(process.execPath, ['--import', 'tsx', program, adapter, running, 'grow'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const first = new Promise<string>((resolve, reject) => {
      createInterface(host.stdout as NonNullable<typeof host.stdout>).once('line', resolve)
      host.once('exit', (code) => reject(new Error(`the host left with ${code}`)))
    })
    const { pids } = JSON.parse(await within(first, 'the host to be up', 30_000)) as { pids: number[] }
    assert.ok(pids.length >= 6 && pids.every(isAlive), `${pids}`)
    return { host, pids }
  } catch (error) {
    host.kill('SIGKILL')
    throw error
  }
}

test.run()
