// Test frameworks stop the clocks of a program; pools, limits and calls go on.
// timeout: 120 s
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { adapterOf } from '../support/pit.js'
import { within } from '../support/within.js'

const program = fileURLToPath(new URL('fake-timers-program.ts', import.meta.url))
const adapter = adapterOf(import.meta.url, 'streams.py')

for (const [when, what] of [
  ['after', 'stopped once the library is there'],
  ['before', 'stopped before the library is loaded'],
] as const) {
  test(`API-02, POOL-02, STREAM-11: with the clocks of the program ${what}, calls run and limits end them`, async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', program, adapter, when], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', (bytes: Buffer) => {
      said += bytes
    })
    const status = await within(
      new Promise((resolve) => child.once('close', resolve)),
      'the end of the program',
      60_000,
    )
    assert.is(status, 0)
    assert.equal(JSON.parse(said), {
      value: 1,
      stream: 301,
      timeout: 'timeout',
      idle: 'idle_timeout',
      queued: ['timeout', 'queue_timeout'],
      drained: true,
    })
  })
}

test.run()
