// timeout: 400 s
// A cache that another user built, that may only be read, or that cannot be used at all: with real permission bits.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { environmentFor, stamp } from '../../src/python/managed-environment.js'
import { probe } from '../../src/python/probe.js'
import { resolvePythonOptions } from '../../src/python/python-options.js'
import { resolvePython } from '../../src/python/resolve-python.js'
import { isCoded } from '../support/errors.js'
import { fixture, fullPython, rejection, Sandbox } from './sandbox.js'

/** A user who owns nothing; permission bits do not bind root. */
const nobody = 65_534
const isRoot = process.getuid?.() === 0
/** An interpreter that every user may run; undefined where there is none. */
const sharedPython = isRoot ? firstFor(nobody) : fullPython

interface Answer {
  readonly executable?: string
  readonly built?: boolean
  readonly error?: { readonly name: string; readonly code: string; readonly message: string }
}

/** Resolves in a process of another user where we are root, of our own elsewhere. */
async function resolveAsOther({ cwd }: Sandbox, environment: NodeJS.ProcessEnv): Promise<Answer> {
  const identity = isRoot ? { uid: nobody, gid: nobody } : {}
  const child = spawn(process.execPath, ['--import', 'tsx', fixture('resolve_in_child.ts')], {
    env: { ...environment, TEST_CWD: cwd },
    stdio: ['ignore', 'pipe', 'inherit'],
    ...identity,
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece) => {
    text += piece
  })
  await once(child, 'close')
  return JSON.parse(text) as Answer
}

/** A sandbox that others may look into, whose one interpreter is bare. */
function openSandbox(): Sandbox {
  const sandbox = new Sandbox()
  chmodSync(sandbox.folder, 0o755)
  sandbox.onPath('python3', String(sharedPython))
  sandbox.environment.HOME = sandbox.cwd
  sandbox.environment.PATH = sandbox.bin
  return sandbox
}

/** Makes folders and files below one read-only or unreadable, and back: a sandbox must be able to go. */
function permit(path: string, mode: string): void {
  execFileSync('chmod', ['-R', mode, path])
}

test('ENV-02: what one user built in a shared cache, another uses without writing or locking anything', async () => {
  if (sharedPython === undefined) return
  using sandbox = openSandbox()
  const { cwd, environment } = sandbox
  const built = await resolvePython({ cwd, environment: { ...environment, PATH: `${sandbox.bin}:/usr/bin:/bin` } })
  assert.is(built.built, true)
  for (let folder = String(built.environment); folder !== sandbox.folder; folder = dirname(folder)) {
    assert.is(statSync(folder).mode & 0o055, 0o055 & ~process.umask(), folder)
  }
  const before = readdirSync(join(sandbox.cache, 'environments'))
  permit(sandbox.cache, 'a-w')
  try {
    const other = await resolveAsOther(sandbox, environment)
    assert.equal(other, { executable: built.executable, built: false, source: 'managed', lines: [] })
    // Not even a list of the environments is needed.
    chmodSync(join(sandbox.cache, 'environments'), 0o711)
    const unlisted = await resolveAsOther(sandbox, environment)
    assert.is(unlisted.executable, built.executable)
    assert.equal(readdirSync(join(sandbox.cache, 'environments')), before)
  } finally {
    permit(sandbox.cache, 'u+w')
  }
})

test('ENV-02: a cache that may not be read or written is an error with the path and the way out', async () => {
  if (sharedPython === undefined) return
  for (const mode of [0o000, 0o500]) {
    using sandbox = openSandbox()
    mkdirSync(sandbox.cache, { mode: 0o700 })
    chmodSync(sandbox.cache, isRoot ? 0o700 : mode)
    const { error } = await resolveAsOther(sandbox, sandbox.environment)
    chmodSync(sandbox.cache, 0o700)
    assert.is(error?.name, 'SnakepitError', JSON.stringify(error))
    assert.is(error?.code, 'environment_failed')
    assert.ok(error?.message.includes(join(sandbox.cache, 'environments')), error?.message)
    assert.match(String(error?.message), /permission denied \(EACCES\)\. Give this user the rights.*SNAKEPIT_CACHE/)
  }
})

test('ENV-02: an environment of somebody else that may not be read is told, and not taken away', async () => {
  if (sharedPython === undefined) return
  using sandbox = openSandbox()
  const { cwd, environment } = sandbox
  const settings = resolvePythonOptions({ cwd, environment })
  const base = await probe(join(sandbox.bin, 'python3'), [], settings)
  if (base.kind !== 'python') return assert.unreachable(base.reason)
  const theirs = environmentFor(base.interpreter, settings)
  mkdirSync(join(theirs.path, 'bin'), { recursive: true })
  stamp(theirs, {})
  chmodSync(join(sandbox.cache, 'environments'), 0o777)
  chmodSync(theirs.path, isRoot ? 0o700 : 0o000)
  try {
    const { error } = await resolveAsOther(sandbox, environment)
    assert.is(error?.code, 'environment_failed', JSON.stringify(error))
    assert.match(String(error?.message), /A Python environment cannot be built in .*permission denied \(EACCES\)/)
  } finally {
    chmodSync(theirs.path, 0o700)
  }
  assert.ok(readdirSync(theirs.path).includes('snakepit-environment.json'))
})

test('ENV-02: a cache that is a file, or in a place where nothing can be made, is told the same way', async () => {
  using sandbox = new Sandbox()
  sandbox.venv('.venv', { full: false })
  const file = join(sandbox.folder, 'file')
  writeFileSync(file, '')
  const { cwd, environment } = sandbox
  const places = process.platform === 'linux' ? [file, join(file, 'below'), '/proc/snakepit'] : [file]
  for (const place of places) {
    const error = await rejection(resolvePython({ cwd, environment: { ...environment, SNAKEPIT_CACHE: place } }))
    isCoded(error, 'environment_failed', /SNAKEPIT_CACHE/)
    assert.ok(error.message.includes(join(place, 'environments')), error.message)
  }
})

test('ENV-02: a full disk and a read-only file system are told by what they are', async () => {
  // Only root can mount, and not everywhere.
  using sandbox = new Sandbox()
  sandbox.venv('.venv', { full: false })
  mkdirSync(sandbox.cache)
  const mount = (...args: string[]) => execFileSync('mount', [...args, sandbox.cache], { stdio: 'ignore' })
  try {
    mount('-t', 'tmpfs', '-o', 'size=16k', 'tmpfs')
  } catch {
    return
  }
  try {
    const { cwd, environment } = sandbox
    const full = await rejection(resolvePython({ cwd, environment }))
    isCoded(full, 'environment_failed', /disk is full.*SNAKEPIT_CACHE|SNAKEPIT_CACHE.*disk is full/is)
    mount('-o', 'remount,ro', 'tmpfs')
    const readOnly = await rejection(resolvePython({ cwd, environment }))
    isCoded(readOnly, 'environment_failed', /the file system is read-only \(EROFS\).*SNAKEPIT_CACHE/)
  } finally {
    execFileSync('umount', [sandbox.cache])
  }
})

test("ENV-01: an interpreter in another user's folder is told as that", async () => {
  using sandbox = new Sandbox()
  const closed = join(sandbox.folder, 'closed')
  mkdirSync(closed)
  cpSync('/bin/sh', join(closed, 'python'))
  chmodSync(closed, 0o000)
  chmodSync(sandbox.folder, 0o755)
  try {
    const environment = { ...sandbox.environment, SNAKEPIT_PYTHON: join(closed, 'python') }
    const { error } = await resolveAsOther(sandbox, environment)
    assert.match(String(error?.message), /is in a folder that this user may not enter/)
  } finally {
    chmodSync(closed, 0o700)
  }
})

/** The first Python that this user may run, and that can make environments. */
function firstFor(uid: number): string | undefined {
  return ['/usr/bin/python3', '/usr/local/bin/python3'].find((python) => {
    const question = 'import sys, venv, ensurepip; assert sys.version_info >= (3, 10)'
    try {
      execFileSync(python, ['-c', question], { uid, gid: uid, stdio: 'ignore', cwd: '/' })
      return true
    } catch {
      return false
    }
  })
}

// Told here, because a test that is left out passes.
if (sharedPython === undefined)
  console.log('there is no Python that another user may run: three tests have nothing to try')

test.run()
