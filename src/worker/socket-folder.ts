// The private folder that a worker's socket lives in.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Longest path that a unix socket can have, on every system that has them. */
const longestSocketPath = 100

/** A folder that only this user can enter, with a socket's path in it. */
export interface SocketFolder {
  readonly socket: string
  /** Removes the folder and what is in it. */
  remove(): void
}

/** Makes a new folder with mode 0700. Where TMPDIR is too long for a socket, `/tmp` serves. */
export function makeSocketFolder(): SocketFolder {
  const prefix = join(tmpdir(), 'snakepit-')
  const roomy = prefix.length + 'XXXXXX/worker.sock'.length <= longestSocketPath
  const folder = mkdtempSync(roomy ? prefix : '/tmp/snakepit-')
  return {
    socket: join(folder, 'worker.sock'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
