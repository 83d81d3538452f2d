// The handshake with workers that are not what they should be: each failure has its own sentence.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { SnakepitError } from '../../src/index.js'
import { descendantsOf, startedSince } from '../support/processes.js'
import { temporaryFolder } from '../support/temporary.js'
import { StartedWorker, settingsOf } from './started-worker.js'

const before = descendantsOf(process.pid)
const impostors: Record<string, { reason: string; message: RegExp; startTimeout?: number }> = {
  silent: {
    reason: 'silent',
    message: /said nothing for 300 ms[\s\S]*`startTimeout`[\s\S]*warming up/,
    startTimeout: 300,
  },
  garbage: { reason: 'garbage', message: /no handshake: 'Starting server on \\u001b\[1mport 80'.*file descriptor 3/ },
  not_json: { reason: 'garbage', message: /no handshake: '{"level": "info"/ },
  other_version: {
    reason: 'other_version',
    message: /speaks protocol 7, this package speaks 1: is another snakepit_bridge/,
  },
  wrong_incarnation: { reason: 'garbage', message: /no handshake/ },
  long_line: { reason: 'garbage', message: /no handshake: 'x{80}…'/ },
  nobody_listens: {
    reason: 'elsewhere',
    message: /listens at 'unix:\/\/\/nowhere\/at\.all', where it was not told to/,
    startTimeout: 3000,
  },
  byte_by_byte: { reason: 'reported', message: /initialize\(\) of the adapter 'x\.py' failed: Grüße: byte by byte ✓/ },
  exits_early: {
    reason: 'exited_early',
    message: /ended before it was ready, with exit code 1[\s\S]*the disk is full/,
  },
}

for (const [impostor, { reason, message, startTimeout = 20_000 }] of Object.entries(impostors)) {
  test(`WIRE-05: a worker that is no worker: ${impostor}`, async () => {
    const worker = new StartedWorker(settingsOf('x.py', { impostor, startTimeout }))
    await worker.ended()
    const last = worker.events.at(-1)
    assert.is(last?.type, 'start-failed')
    const { error } = last as { error: SnakepitError }
    assert.is(error.code, 'worker_start_failed')
    assert.match(error.message, message)
    assert.match(error.message, /^worker 'w-0' did not start: /)
    assert.is(error.details.reason, reason)
    assert.is(error.mayHaveRun, false)
    assert.not.ok(worker.events.some(({ type }) => type === 'ready'))
    assert.equal(startedSince(before), [])
  })
}

test('WIRE-05: an interpreter that cannot be run', async () => {
  const worker = new StartedWorker(settingsOf('x.py', { python: '/no/such/python' }))
  await worker.ended()
  const last = worker.events.at(-1) as { error: SnakepitError }
  assert.match(last.error.message, /no interpreter at '\/no\/such\/python'/)
  assert.is(last.error.details.reason, 'not_started')
})

test('WIRE-05, API-01: an interpreter without the packages of the bridge: which, and how to get them', async () => {
  const folder = join(temporaryFolder(), 'bare')
  execFileSync(settingsOf('x.py').python, ['-m', 'venv', '--without-pip', folder])
  const worker = new StartedWorker(settingsOf('x.py', { python: join(folder, 'bin', 'python') }))
  await worker.ended()
  const { error } = worker.events.at(-1) as { error: SnakepitError }
  assert.is(error.details.stage, 'requirements')
  assert.match(error.message, /bare\/bin\/python lacks what the bridge needs[\s\S]*grpcio[\s\S]*pip install/)
})

test.run()
