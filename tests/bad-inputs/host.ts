// Programs of their own in odd surroundings, as the tests of this folder start them and hear of them.
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'

/** The program, and the loader that it needs, as Node takes them. */
export const program = fileURLToPath(new URL('host-program.ts', import.meta.url))
export const loader = ['--import', import.meta.resolve('tsx')]

/** What is odd: variables (undefined takes one away), the folder, what runs before, and in place of, Node. */
export interface Surrounding {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  readonly shell?: string
  readonly way?: string
}

/** One line of what the program says. */
export interface Fact {
  readonly pids?: number[]
  readonly [name: string]: unknown
}

/** How the program ended. */
export interface End {
  readonly facts: Fact[]
  readonly pids: number[]
  readonly errors: string
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Runs the program to its end. */
export function run(surrounding: Surrounding): Promise<End> {
  return gathered(start(surrounding))
}

/** Starts the program. */
export function start({ env = {}, cwd, shell = ':', way = 'works' }: Surrounding): ChildProcess {
  const { SNAKEPIT_PYTHON } = process.env
  const script = `${shell}; exec "$@"`
  const args = ['-c', script, 'sh', process.execPath, ...loader, program, way]
  return spawn('/bin/sh', args, {
    env: { ...process.env, ...env, SNAKEPIT_PYTHON },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd && { cwd }),
  })
}

/** What the program says, as it says it, and its end; killed when it does not come to one. */
export function gathered(host: ChildProcess): Promise<End> & { readonly facts: Fact[] } {
  const facts: Fact[] = []
  let output = ''
  let errors = ''
  let closed = false
  host.stdout?.on('data', (data: Buffer) => {
    const lines = (output + data).split('\n')
    output = lines.pop() ?? ''
    for (const line of lines) facts.push(JSON.parse(line) as Fact)
  })
  host.stderr?.on('data', (data: Buffer) => {
    errors = (errors + data).slice(-20_000)
  })
  host.once('close', () => {
    closed = true
  })
  const end = eventually(() => closed, 'the end of the program', 30_000).then(
    () => ({
      facts,
      pids: facts.flatMap(({ pids = [] }) => pids),
      errors,
      code: host.exitCode,
      signal: host.signalCode,
    }),
    (error: unknown) => {
      host.kill('SIGKILL')
      throw error
    },
  )
  return Object.assign(end, { facts })
}

/** Resolves when the program has said so; rejects when it ends instead. */
export async function until(host: ChildProcess, facts: readonly Fact[], said: string): Promise<void> {
  const over = () => host.exitCode !== null || host.signalCode !== null
  await eventually(() => over() || facts.some((fact) => said in fact), `'${said}' of the program`, 20_000)
  assert.ok(
    facts.some((fact) => said in fact),
    'the program ended before',
  )
}
