// A lock between processes that a dead owner cannot keep.
//
// The lock is a folder that holds one file; the file's *name* says who owns it. Taking the lock renames a folder that was
// made ready beside it, which fails while the lock stands; taking over from the dead renames that one file. Both are one
// step of the file system: of two that try, one wins, and no moment exists in which the lock stands without an owner.
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { time } from '../time/time.js'
import { isGone, type ProcessIdentity, thisProcess } from './process-identity.js'

/** How long is waited, and who is told. */
export interface LockOptions {
  /** Milliseconds to wait for another owner. */
  readonly timeout: number
  /** Milliseconds after which an owner on another machine, who cannot be asked, counts as dead. */
  readonly longestWork: number
  readonly signal?: AbortSignal | undefined
  /** Told once, when somebody else holds the lock. */
  readonly onWait?: ((owner: LockOwner) => void) | undefined
}

/** Who holds a lock. */
export interface LockOwner extends ProcessIdentity {
  /** When the lock was taken. */
  readonly since: Date
}

/** The lock was not to be had in time. */
export class LockTimeout extends Error {
  override readonly name = 'LockTimeout'
  /** Absent when what stands in the lock's place is no lock of ours. */
  readonly owner: LockOwner | undefined

  constructor(owner: LockOwner | undefined) {
    super(owner ? `held by process ${owner.pid} since ${owner.since.toISOString()}` : 'held by nobody who can be named')
    this.owner = owner
  }
}

const pollInterval = 50

/** Runs `work` while no other process that asks for the same path does. Rejects with `LockTimeout` or the signal's reason. */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const release = await acquire(path, options)
  try {
    return await work()
  } finally {
    release()
  }
}

async function acquire(path: string, options: LockOptions): Promise<() => void> {
  const file = fileName(thisProcess())
  const deadline = time.wallNow() + options.timeout
  let told = false
  for (;;) {
    options.signal?.throwIfAborted()
    const holder = holderOf(path)
    const taken = holder ? isDead(holder.owner, options) && takeOver(path, holder.file, file) : take(path, file)
    if (taken) return () => release(path, file)
    if (time.wallNow() >= deadline) throw new LockTimeout(holder?.owner)
    if (holder && !told) options.onWait?.(holder.owner)
    told ||= holder !== undefined
    await time.pause(pollInterval, undefined, { signal: options.signal }).catch(() => {})
  }
}

function take(path: string, file: string): boolean {
  const prepared = `${path}.${file}`
  mkdirSync(prepared)
  writeFileSync(join(prepared, file), '')
  try {
    renameSync(prepared, path)
    return true
  } catch (error) {
    rmSync(prepared, { recursive: true, force: true })
    if (isExpected(error)) return false
    throw error
  }
}

function takeOver(path: string, from: string, to: string): boolean {
  try {
    renameSync(join(path, from), join(path, to))
    const now = new Date(time.wallNow())
    utimesSync(join(path, to), now, now)
    return true
  } catch (error) {
    if (isExpected(error)) return false
    throw error
  }
}

function release(path: string, file: string): void {
  rmSync(join(path, file), { force: true })
  try {
    rmdirSync(path)
  } catch {
    // The next owner has already moved in: an empty lock is free.
  }
}

function holderOf(path: string): { file: string; owner: LockOwner } | undefined {
  try {
    for (const file of readdirSync(path)) {
      const [pid, started, host] = file.split('-')
      if (!pid || !started || !host) continue
      return { file, owner: { pid: Number(pid), started, host, since: statSync(join(path, file)).mtime } }
    }
    rmdirSync(path) // only Windows comes here: elsewhere a folder is renamed over an empty one
  } catch (error) {
    if (!isExpected(error)) throw error
  }
  return undefined
}

function isDead(owner: LockOwner, options: LockOptions): boolean {
  return isGone(owner) || time.wallNow() - owner.since.getTime() > options.longestWork
}

function fileName({ pid, started, host }: ProcessIdentity): string {
  return `${pid}-${started}-${host}-${randomBytes(6).toString('hex')}`
}

/** What the file system answers when somebody else was faster. Elsewhere than on Windows, no right to it is no race. */
function isExpected(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException
  return races.includes(code) || (process.platform === 'win32' && windowsRaces.includes(code))
}

const races = ['EEXIST', 'ENOTEMPTY', 'ENOENT']
const windowsRaces = ['EPERM', 'EACCES', 'EBUSY']
