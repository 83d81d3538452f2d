// Short commands end, whatever they do.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../../src/python/run.js'
import { rejection } from './sandbox.js'

const options = { timeout: 10_000, env: { PATH: '/usr/bin:/bin' }, cwd: process.cwd() }

test('ENV-02: output, status and lines are given back', async () => {
  const lines: string[] = []
  const script = 'printf "one\\r\\ntwo\\n\\nthr"; sleep 0.05; printf "ee"; echo four >&2; exit 3'
  const end = await run('sh', ['-c', script], { ...options, onLine: (line) => lines.push(line) })
  assert.equal(end, { kind: 'exited', status: 3, stdout: 'one\r\ntwo\n\nthree', stderr: 'four\n' })
  assert.equal(lines.sort(), ['four', 'one', 'three', 'two'])
})

test('ENV-02: a grandchild that keeps the pipes does not keep the caller', async () => {
  const began = performance.now()
  const end = await run('sh', ['-c', 'sleep 1.5 & echo done'], options)
  assert.is(end.kind === 'exited' && end.stdout, 'done\n')
  assert.ok(performance.now() - began < 1400)
})

test('ENV-02: a command that takes too long, is killed or cannot start is told apart', async () => {
  assert.is((await run('sleep', ['60'], { ...options, timeout: 50 })).kind, 'timeout')
  assert.is((await run('sh', ['-c', 'kill -TERM $$'], options)).kind, 'killed')
  assert.equal(await run('no-such-command', [], options), { kind: 'unstartable', code: 'ENOENT' })
  assert.is((await run('sh', ['-c', ':'], { ...options, cwd: '/no/such/folder' })).kind, 'unstartable')
})

test('ENV-02: an abort kills the command and rejects with the reason', async () => {
  const controller = new AbortController()
  const reason = new Error('no longer wanted')
  const running = run('sleep', ['60'], { ...options, signal: controller.signal })
  controller.abort(reason)
  assert.is(await rejection(running), reason)
  assert.is(await rejection(run('sleep', ['60'], { ...options, signal: controller.signal })), reason)
})

test.run()
