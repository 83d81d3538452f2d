// What dead runs left behind is removed; what lives, is young or belongs to somebody else stays.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { removeLeftOvers } from '../../src/worker/left-overs.js'
import { temporaryFolder } from '../support/temporary.js'
import { within } from '../support/within.js'

function folderIn(root: string, name = 'snakepit-abCD12'): string {
  const folder = join(root, name)
  mkdirSync(folder, { mode: 0o700 })
  return folder
}

/** A socket file that a process has listened on which is dead now. */
async function deadSocket(folder: string, secondsAgo = 60): Promise<string> {
  const path = join(folder, 'worker.sock')
  const listen = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  const child = spawn(process.execPath, ['-e', listen], { stdio: 'inherit' })
  await within(new Promise((resolve) => child.once('exit', resolve)), 'the end of the listener')
  age(path, secondsAgo)
  return path
}

function age(path: string, seconds: number): void {
  const then = Date.now() / 1000 - seconds
  utimesSync(path, then, then)
}

test('CLEAN-04: a folder whose socket refuses connections is removed', async () => {
  const root = temporaryFolder()
  const folder = folderIn(root)
  await deadSocket(folder)
  assert.equal(await removeLeftOvers([root]), [folder])
  assert.equal(readdirSync(root), [])
})

test('CLEAN-03, CLEAN-04: a folder whose socket is listened on stays, busy or not', async () => {
  const root = temporaryFolder()
  const folder = folderIn(root)
  const path = join(folder, 'worker.sock')
  const server: Server = createServer()
  await new Promise<void>((resolve) => server.listen(path, resolve))
  age(path, 60)
  try {
    assert.equal(await removeLeftOvers([root]), [])
    assert.ok(existsSync(path))
  } finally {
    server.close()
  }
})

test('CLEAN-04: a socket that was made a moment ago stays', async () => {
  const root = temporaryFolder()
  await deadSocket(folderIn(root), 0)
  assert.equal(await removeLeftOvers([root]), [])
})

test('CLEAN-04: a folder without a socket stays for an hour: its worker may be on the way', async () => {
  const root = temporaryFolder()
  const [young, old] = [folderIn(root, 'snakepit-young1'), folderIn(root, 'snakepit-oldone')]
  age(young, 59 * 60)
  age(old, 61 * 60)
  assert.equal(await removeLeftOvers([root]), [old])
})

test('CLEAN-03, CLEAN-04, guarantee:G32: what is not ours stays', async () => {
  const root = temporaryFolder()
  const elsewhere = temporaryFolder()
  const target = folderIn(elsewhere, 'snakepit-target')
  await deadSocket(target)
  symlinkSync(target, join(root, 'snakepit-linked'))
  // More in it than we put there; another name; a file.
  const shared = folderIn(root, 'snakepit-shared')
  await deadSocket(shared)
  writeFileSync(join(shared, 'notes'), 'mine')
  const other = folderIn(root, 'snakepit-of-somebody')
  await deadSocket(other)
  writeFileSync(join(root, 'snakepit-afile1'), '')
  const plain = folderIn(root, 'snakepit-plain1')
  writeFileSync(join(plain, 'worker.sock'), 'no socket')
  age(join(plain, 'worker.sock'), 60)
  const before = readdirSync(root).sort()
  assert.equal(await removeLeftOvers([root]), [])
  assert.equal(readdirSync(root).sort(), before)
  assert.ok(existsSync(join(target, 'worker.sock')))
})

test('CLEAN-04: a folder that cannot be read is no reason to fail', async () => {
  assert.equal(await removeLeftOvers([join(temporaryFolder(), 'nowhere')]), [])
})

test('CLEAN-04: two sweeps at once do not stand in each other’s way', async () => {
  const root = temporaryFolder()
  for (let index = 0; index < 5; index++) await deadSocket(folderIn(root, `snakepit-same0${index}`))
  const [one, other] = await Promise.all([removeLeftOvers([root]), removeLeftOvers([root])])
  assert.is(new Set([...one, ...other]).size, 5)
  assert.equal(readdirSync(root), [])
})

test.run()
