// The private folder that a worker's socket lives in.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** Longest path that a unix socket can have, on every system that has them. */
const longestSocketPath = 100

/** Name of the socket in its folder. */
export const socketName = 'worker.sock'

/** A folder that only this user can enter, with a socket's path in it. */
export interface SocketFolder {
  readonly socket: string
  /** Removes the folder and what is in it. */
  remove(): void
}

/** Makes a new folder with mode 0700. Where TMPDIR is too long for a socket, `/tmp` serves. */
function makeSocketFolder(): SocketFolder {
  const prefix = resolve(tmpdir(), 'snakepit-')
  const roomy = Buffer.byteLength(prefix) + `XXXXXX/${socketName}`.length <= longestSocketPath
  const folder = mkdtempSync(roomy ? prefix : join(lastResort, 'snakepit-'))
  return {
    socket: join(folder, socketName),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** The same; where it cannot be made, the reason, for whoever can tell it better. */
export function tryMakeSocketFolder(): (SocketFolder & { readonly cause?: undefined }) | NoFolder {
  try {
    return makeSocketFolder()
  } catch (cause) {
    return { cause }
  }
}

interface NoFolder {
  readonly cause: unknown
  readonly socket?: undefined
  readonly remove?: undefined
}

const lastResort = '/tmp'

/** Where socket folders may be. */
export function folderRoots(): string[] {
  return [...new Set([resolve(tmpdir()), lastResort])]
}
