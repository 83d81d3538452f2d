// A place of its own for a test of this room: a home, a cache, a PATH, and interpreters that are quick to make.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pythonInside } from '../../src/python/command-path.js'

/** The interpreter of the project's own tests, which has everything the bridge needs. */
export const fullPython = process.env.SNAKEPIT_PYTHON ?? missing()

/** The interpreter below it, as it was installed. */
export const basePython = ask(fullPython, 'import sys; print(sys._base_executable)')

/** The path of a misbehaving interpreter, by its name in `fixtures`. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))
}

/** An empty world: nothing on PATH, nothing in the cache. */
export class Sandbox {
  readonly folder = mkdtempSync(join(tmpdir(), 'snakepit-python-'))
  readonly cwd = join(this.folder, 'project')
  readonly bin = join(this.folder, 'bin')
  readonly cache = join(this.folder, 'cache')
  readonly environment: NodeJS.ProcessEnv = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(PIP|UV|SSL|HTTPS?|NO)_/i.test(name))),
    HOME: process.env.HOME,
    PATH: this.bin,
    SNAKEPIT_CACHE: this.cache,
  }

  constructor() {
    mkdirSync(this.cwd)
    mkdirSync(this.bin)
  }

  /** Puts a program on PATH under a name; not as a link, because Python finds its environment through its own path. */
  onPath(name: string, target: string): void {
    writeFileSync(join(this.bin, name), `#!/bin/sh\nexec '${target}' "$@"\n`, { mode: 0o755 })
  }

  /** Adds folders behind those on PATH. */
  withSystemPath(): this {
    this.environment.PATH = [this.bin, '/usr/bin', '/bin'].join(delimiter)
    return this
  }

  /** A virtual environment without packages; with `full`, it sees those of the test interpreter. */
  venv(name: string, { full }: { full: boolean }): string {
    const folder = join(this.cwd, name)
    execFileSync(basePython, ['-m', 'venv', '--without-pip', folder])
    const python = pythonInside(folder)
    if (full) {
      const purelib = 'import sysconfig; print(sysconfig.get_path("purelib"))'
      writeFileSync(join(ask(python, purelib), 'borrowed.pth'), `${ask(fullPython, purelib)}\n`)
    }
    return python
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** The error that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('expected a rejection')
}

function ask(python: string, question: string): string {
  return execFileSync(python, ['-c', question], { encoding: 'utf8' }).trim()
}

function missing(): never {
  throw new Error('SNAKEPIT_PYTHON is not set: run this file with `npm test -- <part of its path>`')
}
