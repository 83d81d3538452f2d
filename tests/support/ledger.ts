// What tools write down in a file: it can be read while they are busy, and when their process is gone.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from './eventually.js'
import { temporaryFolder } from './temporary.js'

const folder = temporaryFolder()
let ledgers = 0

/** A file that adapters append lines to; they find it in the environment variable `LEDGER`. */
export class Ledger {
  readonly path = join(folder, `ledger-${ledgers++}`)

  constructor() {
    writeFileSync(this.path, '')
  }

  /** The environment of workers that write here. */
  get env(): Record<string, string> {
    return { LEDGER: this.path }
  }

  /** The lines so far, those that begin with the given words. */
  lines(beginning = ''): string[] {
    const all = readFileSync(this.path, 'utf8').split('\n')
    return all.filter((line) => line !== '' && line.startsWith(beginning))
  }

  /** Resolves when so many lines begin with the given words; with those lines. */
  async has(beginning: string, count = 1): Promise<string[]> {
    await eventually(() => this.lines(beginning).length >= count, `${count} × '${beginning}' in the ledger`)
    return this.lines(beginning)
  }
}
