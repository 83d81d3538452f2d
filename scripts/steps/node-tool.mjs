// How a tool from node_modules is called, without a shell and without npx.
import { join } from 'node:path'
import { root } from './command.mjs'

/** The front of a command line for a tool's executable: `[...tool('tsc'), '--noEmit']`. */
export function tool(name) {
  const path = join(root, 'node_modules', '.bin', name)
  return process.platform === 'win32' ? ['cmd', '/c', `${path}.cmd`] : [path]
}
