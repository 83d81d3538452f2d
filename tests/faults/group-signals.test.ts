// Signals that a terminal, a shell or a supervisor sends to all processes of the host: workers and guardians hear none of them.
// timeout: 600 s
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { adapterOf } from '../support/pit.js'
import { allGone, isAlive, kill } from '../support/processes.js'
import { within } from '../support/within.js'

const program = fileURLToPath(new URL('host-program.ts', import.meta.url))
const terminal = fileURLToPath(new URL('kit/terminal.py', import.meta.url))
const adapter = adapterOf(import.meta.url, 'family.py')
const python = process.env.SNAKEPIT_PYTHON ?? 'python3'
const words = [process.execPath, '--import', 'tsx', program, adapter, 'idles', 'grow']

// SIGUSR1 opens Node's debugger; 40 is a real-time signal. All of them: `test_guardian.py`.
for (const signal of ['SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 40] as const) {
  test(`CLEAN-01, guarantee:G1: ${signal} to the host's group, and its end: nothing is left`, async () => {
    const { host, everything } = await startHost(words)
    process.kill(-(host.pid as number), signal as NodeJS.Signals)
    host.kill('SIGKILL')
    await everything.gone()
  })
}

test('CLEAN-01, guarantee:G1: a host that is stopped with its group, and killed', async () => {
  const { host, everything } = await startHost(words)
  process.kill(-(host.pid as number), 'SIGSTOP')
  host.kill('SIGKILL')
  await everything.gone()
})

test('CLEAN-01, guarantee:G1: a host in a session of its own that ignores SIGHUP, as `nohup` starts one', async () => {
  const { host, everything } = await startHost(['nohup', ...words])
  process.kill(-(host.pid as number), 'SIGHUP')
  host.kill('SIGKILL')
  await everything.gone()
})

const typed: [string, string][] = [
  ['Ctrl-C', '\x03'],
  ['Ctrl-\\', '\x1c'],
]
for (const [name, keys] of typed) {
  test(`CLEAN-01, guarantee:G1: ${name} in the host's terminal: nothing is left`, async () => {
    const { host, everything } = await startHost([python, terminal, ...words])
    host.stdin?.write(keys)
    await everything.gone()
  })
}

test('CLEAN-01, guarantee:G1: the terminal is closed: nothing is left', async () => {
  const { host, everything } = await startHost([python, terminal, ...words])
  host.stdin?.end()
  await everything.gone()
})

const jobs: [string, string][] = [
  ['kill %1', 'kill %1'],
  ['kill -QUIT %1', 'kill -QUIT %1'],
  ['Ctrl-Z and kill -KILL %1', 'kill -TSTP %1; kill -KILL %1'],
]
for (const [name, ends] of jobs) {
  test(`CLEAN-01, guarantee:G1: a job of a shell that ends by ${name}: nothing is left`, async () => {
    const { host, everything } = await startHost(['bash', '-mc', `"$@" & read; ${ends}; wait`, 'bash', ...words])
    host.stdin?.write('\n')
    await everything.gone()
  })
}

/** A host whose workers have families, in a process group of its own; and everything that it has started and made. */
async function startHost([command = '', ...rest]: readonly string[]) {
  const host = spawn(command, rest, {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  host.stdin?.on('error', () => undefined)
  try {
    const { pids, folders } = await within(facts(host), 'the host to be up', 90_000)
    assert.ok(pids.length >= 6 && pids.every(isAlive), `${pids}`)
    const places = folders.map((address) => dirname(address.replace('unix://', '')))
    assert.ok(places.length === 2 && places.every(existsSync), `${places}`)
    const gone = async () => {
      try {
        await allGone(pids, 2_000)
        await eventually(() => !places.some(existsSync), `the end of ${places}`, 2_000)
      } finally {
        for (const pid of pids.filter(isAlive)) kill(pid)
        if (host.exitCode === null) host.kill('SIGKILL')
      }
    }
    return { host, everything: { gone } }
  } catch (error) {
    host.kill('SIGKILL')
    throw error
  }
}

function facts(host: ChildProcess): Promise<{ pids: number[]; folders: string[] }> {
  return new Promise((resolve, reject) => {
    createInterface(host.stdout as NonNullable<typeof host.stdout>).on('line', (line) => {
      if (line.startsWith('{')) resolve(JSON.parse(line))
    })
    host.once('exit', (code, signal) => reject(new Error(`the host left with ${signal ?? code}`)))
  })
}

test.run()
