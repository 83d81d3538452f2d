// How workers are stopped: every rung in its turn, every wait bounded, whatever the worker ignores.
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { worker$ } from '../../src/worker/worker.js'
import { adapterOf } from '../support/pit.js'
import { allGone, descendantsOf, isAlive, parentOf, startedSince } from '../support/processes.js'
import { within } from '../support/within.js'
import { StartedWorker, settingsOf } from './started-worker.js'

const calls = fileURLToPath(new URL('../api/adapters/calls.py', import.meta.url))

test('CLEAN-02: a worker that listens leaves at the message', async () => {
  const worker = new StartedWorker(settingsOf(calls))
  const { handle } = await worker.first('ready')
  worker.stop()
  await worker.ended()
  const exited = await worker.first('exited')
  assert.equal(worker.rungs, ['message'])
  assert.equal([exited.exit.rung, exited.exit.code, exited.error], ['message', 0, undefined])
  assert.not.ok(isAlive(handle.info.pid))
  assert.is(worker.events.at(-1)?.type, 'exited')
})

test('CLEAN-02: unsubscribing stops it too', async () => {
  const pids: number[] = []
  const unsubscribed = new Promise<void>((resolve, reject) => {
    const subscription = worker$(settingsOf(calls)).subscribe((event) => {
      if (event.type === 'start-failed') reject(event.error)
      if (event.type !== 'ready') return
      pids.push(event.handle.info.pid, parentOf(event.handle.info.pid))
      queueMicrotask(() => {
        subscription.unsubscribe()
        resolve()
      })
    })
  })
  await within(unsubscribed, 'a ready worker')
  await allGone(pids, 5000)
})

test('CLEAN-02: stopped while it starts: nothing is left, and it is no failure of the start', async () => {
  const before = descendantsOf(process.pid)
  const worker = new StartedWorker(settingsOf(adapterOf(import.meta.url, '../../api/adapters/never_ready.py')))
  await worker.first('log', ({ log }) => log.message === 'loading the model')
  worker.stop()
  await worker.ended()
  assert.equal(worker.rungs, ['input-closed'])
  assert.equal(startedSince(before), [])
})

test('CLEAN-02: a tool that ignores everything is cleared with the end of the input', async () => {
  const worker = new StartedWorker(settingsOf(adapterOf(import.meta.url, 'ignores_everything.py')))
  const { handle } = await worker.first('ready')
  handle.peer.call(
    {
      tool: 'stays',
      arguments: new Uint8Array([0x80]),
      window: undefined,
      timeLeftMs: 0,
      session: undefined,
      metadata: {},
    },
    { itemsArrived: () => {}, progressed: () => {}, ended: () => {} },
  )
  await worker.first('log', ({ log }) => log.message === 'staying')
  worker.stop()
  await worker.ended()
  const { exit } = await worker.first('exited')
  assert.ok(['message', 'input-closed'].includes(exit.rung ?? ''), exit.rung)
  await allGone([handle.info.pid], 0)
})

test('CLEAN-02: one that does not look at its input gets SIGTERM', async () => {
  const worker = new StartedWorker(settingsOf('x.py', { impostor: 'leaves_on_sigterm' }))
  await worker.first('log', ({ log }) => log.message === 'here to stay')
  worker.stop()
  await worker.ended()
  assert.equal(worker.rungs, ['input-closed', 'terminated'])
})

test('CLEAN-02: one that ignores SIGTERM gets SIGKILL, within bounds', async () => {
  const before = descendantsOf(process.pid)
  const worker = new StartedWorker(settingsOf('x.py', { impostor: 'ignores_everything' }))
  await worker.first('log', ({ log }) => log.message === 'here to stay')
  const began = performance.now()
  worker.stop()
  await worker.ended()
  assert.equal(worker.rungs, ['input-closed', 'terminated', 'killed'])
  assert.ok(performance.now() - began < 5000)
  assert.equal(startedSince(before), [])
})

test('CLEAN-01, CLEAN-02: one that is suspended, guardian and all, is woken to take its tree down', async () => {
  const before = descendantsOf(process.pid)
  const worker = new StartedWorker(settingsOf(calls))
  const { handle } = await worker.first('ready')
  const guardian = parentOf(handle.info.pid)
  for (const pid of [handle.info.pid, guardian]) process.kill(pid, 'SIGSTOP')
  worker.stop()
  await within(worker.ended(), 'the end of a suspended worker', 10_000)
  const { exit } = await worker.first('exited')
  assert.equal(exit.rung, 'input-closed')
  assert.equal(worker.rungs, ['message', 'input-closed'])
  await allGone([handle.info.pid, guardian], 1000)
  assert.equal(startedSince(before), [])
})

test.run()
