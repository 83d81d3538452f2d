// A gate that a tool waits at, seen from both sides of the process boundary: files in a folder of their own.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from './eventually.js'
import { temporaryFolder } from './temporary.js'

const folder = temporaryFolder()
let gates = 0

/** A tool says that it is there by making `path.in`, and goes on when `path` exists. */
export class Gate {
  /** What the tool is given. */
  readonly path = join(folder, `gate-${gates++}`)

  /** Resolves when a tool waits at it. */
  async entered(): Promise<void> {
    await eventually(() => existsSync(`${this.path}.in`), 'a tool at the gate')
  }

  /** Lets whoever waits go on, and whoever comes later. */
  open(): void {
    writeFileSync(this.path, '')
  }
}
