// What dead runs left behind: folders of sockets that nobody listens on any more.
import { lstat, readdir, rmdir, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { time } from '../time/time.js'
import { folderRoots, socketName } from './socket-folder.js'

/** Milliseconds that a socket must be old: one that was made just now may be about to be listened on. */
const youngSocket = 2_000

/** Milliseconds that a folder without a socket must be old: its worker may take long to import what it serves. */
const youngFolder = 60 * 60 * 1_000

/** Milliseconds that a listener may take to accept; longer, and it is there, but busy. */
const patience = 1_000

/**
 * Removes the socket folders of this user that no worker listens in any more. A folder is known to be dead by its
 * socket, which refuses connections: no process id is looked at, so neither reused numbers nor other containers that
 * share the folder matter. Whatever cannot be looked at or removed is left alone. Never rejects.
 *
 * @returns the folders that were removed
 */
export async function removeLeftOvers(
  roots: readonly string[] = folderRoots(),
  now = time.wallNow(),
): Promise<string[]> {
  const removed: string[] = []
  for (const root of roots) {
    const names = await readdir(root).catch(() => [])
    for (const name of names.filter((each) => /^snakepit-[A-Za-z0-9]{6}$/.test(each))) {
      const folder = join(root, name)
      if (await removeIfDead(folder, now).catch(() => false)) removed.push(folder)
    }
  }
  return removed
}

async function removeIfDead(folder: string, now: number): Promise<boolean> {
  const facts = await lstat(folder)
  if (!facts.isDirectory() || facts.uid !== process.getuid?.()) return false
  const inside = await readdir(folder)
  if (inside.length === 0) {
    if (now - facts.mtimeMs < youngFolder) return false
    await rmdir(folder)
    return true
  }
  const socket = join(folder, socketName)
  if (inside.length > 1 || inside[0] !== socketName) return false
  const listener = await lstat(socket)
  if (!listener.isSocket() || now - listener.mtimeMs < youngSocket || !(await refuses(socket))) return false
  await unlink(socket)
  // Fails where anything else has come up meanwhile: then it is not ours to clear.
  await rmdir(folder)
  return true
}

/** True only when the system says that nobody listens. */
function refuses(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const end = (answer: boolean) => {
      time.clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = time.setTimeout(() => end(false), patience).unref()
    socket.unref()
    socket.once('connect', () => end(false))
    socket.once('error', ({ code }: NodeJS.ErrnoException) => end(code === 'ECONNREFUSED'))
  })
}
