// The one program that misbehaves, as tests start it: `MISBEHAVE` names what it does.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Snakepit, type SnakepitOptions } from '../../../src/index.js'
import { temporaryFolder } from '../../support/temporary.js'

const adapter = fileURLToPath(new URL('../adapters/rogue.py', import.meta.url))
const program = fileURLToPath(new URL('misbehaving', import.meta.url))
const folder = temporaryFolder()
let ledgers = 0

/** The environment of workers that misbehave in this way. */
export function misbehaving(mode: string): Record<string, string> {
  return { MISBEHAVE: mode, PYTHONPATH: program, PYTHONDONTWRITEBYTECODE: '1' }
}

/** A Snakepit of one worker, unless the options say more, that misbehaves in this way. */
export function openMisbehaving(
  mode: string,
  options: Partial<SnakepitOptions> = {},
  starts = new StartCount(),
): Promise<Snakepit> {
  const env = { ...misbehaving(mode), ...starts.env, ...options.env }
  return Snakepit.open({
    adapter,
    transport: 'grpc',
    size: 1,
    drain: 0,
    ...options,
    env,
    logs: { print: false, ...options.logs },
  })
}

/** Counts the processes that were started to misbehave. */
export class StartCount {
  readonly #path = join(folder, `starts-${ledgers++}`)

  constructor() {
    writeFileSync(this.#path, '')
  }

  get env(): Record<string, string> {
    return { MISBEHAVE_LEDGER: this.#path }
  }

  get count(): number {
    return readFileSync(this.#path, 'utf8').split('\n').length - 1
  }
}
