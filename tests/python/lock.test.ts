// One at a time, also across processes and deaths.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LockTimeout, withLock } from '../../src/python/lock.js'
import { fixture, rejection, Sandbox } from './sandbox.js'

const patient = { timeout: 10_000, longestWork: 60_000 }

async function holder(path: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', fixture('holds_lock.ts'), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return child
}

test('ENV-02: work under one lock never overlaps, and the lock is gone afterwards', async () => {
  using sandbox = new Sandbox()
  const path = join(sandbox.folder, 'lock')
  let inside = 0
  await Promise.all(
    Array.from({ length: 8 }, () =>
      withLock(path, patient, async () => {
        assert.is(++inside, 1)
        await new Promise((resolve) => setImmediate(resolve))
        inside--
      }),
    ),
  )
  assert.equal(readdirSync(sandbox.folder).sort(), ['bin', 'project'])
})

test('ENV-02: waiting is bounded and says who holds the lock', async () => {
  using sandbox = new Sandbox()
  const path = join(sandbox.folder, 'lock')
  const child = await holder(path)
  const told: number[] = []
  const options = { timeout: 300, longestWork: 60_000, onWait: ({ pid }: { pid: number }) => told.push(pid) }
  const error = await rejection(withLock(path, options, async () => {}))
  assert.instance(error, LockTimeout)
  assert.match(error.message, `held by process ${child.pid} since 2`)
  assert.equal(told, [child.pid])
  child.kill('SIGKILL')
  await once(child, 'exit')
})

test('ENV-02: a lock of a killed process is taken over', async () => {
  using sandbox = new Sandbox()
  const path = join(sandbox.folder, 'lock')
  const child = await holder(path)
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.ok(existsSync(path))
  assert.is(await withLock(path, patient, async () => 'mine'), 'mine')
  assert.not.ok(existsSync(path))
})

test('ENV-02: a lock whose process number was given to another process is taken over', async () => {
  if (process.platform !== 'linux') return
  using sandbox = new Sandbox()
  const path = join(sandbox.folder, 'lock')
  await withLock(path, patient, async () => {
    const [own = ''] = readdirSync(path)
    const [pid, , host] = own.split('-')
    mkdirSync(`${path}-2`)
    writeFileSync(join(`${path}-2`, `${pid}-1-${host}-abc`), '')
  })
  assert.is(await withLock(`${path}-2`, patient, async () => 'mine'), 'mine')
})

test('ENV-02: something else in the place of the lock does not hang the wait', async () => {
  using sandbox = new Sandbox()
  const path = join(sandbox.folder, 'lock')
  mkdirSync(join(path, 'somebody'), { recursive: true })
  const error = await rejection(withLock(path, { ...patient, timeout: 100 }, async () => {}))
  assert.match(error.message, 'held by nobody who can be named')
})

test('ENV-02: an aborted wait rejects with the reason of the signal', async () => {
  using sandbox = new Sandbox()
  const path = join(sandbox.folder, 'lock')
  const controller = new AbortController()
  const reason = new Error('no longer wanted')
  await withLock(path, patient, async () => {
    const waiting = withLock(path, { ...patient, signal: controller.signal }, async () => {})
    controller.abort(reason)
    assert.is(await rejection(waiting), reason)
  })
})

test.run()
