// The library more than once in a process: loaded twice, and opened again and again.
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as library from '../../src/index.js'
import { nothingEscaped } from '../support/escaped.js'
import { eventually } from '../support/eventually.js'
import { handles } from '../support/handles.js'
import { adapterOf, socketOf } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { nobodyLeft } from './harmless.js'

const adapter = adapterOf(import.meta.url, 'plain.py')
test.after.each(nothingEscaped)

test('CLEAN-03, ERR-01: loaded twice: both copies work side by side, each with errors of its own and the same codes', async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const folder = mkdtempSync(join(tmpdir(), 'pit copy '))
  try {
    cpSync(join(root, 'src'), join(folder, 'src'), { recursive: true })
    for (const name of ['node_modules', 'bridge-py', 'package.json']) symlinkSync(join(root, name), join(folder, name))
    const copy = (await import(join(folder, 'src/index.ts'))) as typeof library
    assert.is.not(copy.Snakepit, library.Snakepit)
    await using one = await library.Snakepit.open({ adapter, size: 1, drain: 0 })
    await using other = await copy.Snakepit.open({ adapter, size: 1, drain: 0 })
    const controller = new AbortController()
    const calls = [one, other].map((pit) => reasonOf(pit.execute('waits', {}, controller)))
    controller.abort('both')
    assert.equal(await Promise.all(calls), ['both', 'both'])
    const value = new copy.NdArray(new Float32Array([1.5]))
    assert.equal(await other.execute('size_of', { value }), 1)
    const error = await reasonOf(other.execute('nothing'))
    assert.is((error as library.SnakepitError).code, 'tool_not_found')
    assert.instance(error, copy.SnakepitError)
    assert.not.instance(error, library.SnakepitError)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  await nobodyLeft()
})

test('CLEAN-02, CLEAN-04, guarantee:G33: sixty pools, opened and closed: equal handles, files, listeners and folders', async () => {
  const sockets: string[] = []
  const openAndClose = async () => {
    await using pit = await library.Snakepit.open({ adapter, transport: 'grpc', size: 1, drain: 0 })
    sockets.push(socketOf(pit))
    assert.is(await pit.execute('echo', { value: 1 }), 1)
  }
  await openAndClose()
  await nobodyLeft()
  const before = held()
  const lane = async () => {
    for (let round = 0; round < 20; round++) await openAndClose()
  }
  await Promise.all([lane(), lane(), lane()])
  await nobodyLeft()
  await eventually(
    () => JSON.stringify(held()) === JSON.stringify(before),
    `as before: ${JSON.stringify(before)}`,
    3000,
  )
})

/** What a process holds that does not come back by itself. */
function held(): object {
  const things = handles().filter((name) => !name.includes('Timeout'))
  return {
    things: things.length,
    files: readdirSync('/proc/self/fd').length,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
  }
}

test.run()
