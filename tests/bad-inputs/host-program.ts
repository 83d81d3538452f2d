// A program of its own in a surrounding that a test made odd: it opens a Snakepit, tells what it sees, and leaves.
//
//     node --import tsx host-program.ts <way> [adapter]
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Snakepit, type SnakepitOptions } from '../../src/index.js'
import { parentOf, zombiesBelow } from '../support/processes.js'

const beside = fileURLToPath(new URL('adapters/plain.py', import.meta.url))
const [way = '', adapter = beside] = isMainThread ? process.argv.slice(2) : (workerData as string[])

function say(fact: object): void {
  if (parentPort === null) process.stdout.write(`${JSON.stringify(fact)}\n`)
  else parentPort.postMessage(fact)
}

async function open(options: Partial<SnakepitOptions> = {}): Promise<Snakepit> {
  const pit = await Snakepit.open({ adapter, size: 1, drain: 0, transport: 'grpc', ...options })
  say({ pids: await Promise.all(pit.workers().map(() => pit.execute<number>('whoami'))) })
  return pit
}

/** Opens, calls, streams and closes; everything that a program needs of its surrounding. */
async function works(options: Partial<SnakepitOptions> = {}): Promise<void> {
  const pit = await open(options)
  const address = pit.workers()[0]?.info()?.transport.address ?? ''
  let count = 0
  for await (const _ of pit.stream('numbers', { n: 1000 }).values()) count++
  const echo = await pit.execute('echo', { value: 'grüße 蛇 Iı' })
  const path = address.replace(/^unix:(\/\/)?/, '')
  const modes = path.startsWith('/') ? [path, dirname(path)].map((each) => statSync(each).mode & 0o777) : []
  await pit.close()
  say({ count, echo, address, modes })
}

const ways: Record<string, () => Promise<unknown>> = {
  works,
  'works by a pipe': () => works({ transport: 'msgpack' }),
  'works over TCP': () => works({ basePort: 0 }),
  'works with a talkative gRPC': () =>
    works({
      env: { GRPC_VERBOSITY: 'debug', GRPC_TRACE: 'all', GRPC_POLL_STRATEGY: 'poll', GRPC_DNS_RESOLVER: 'native' },
    }),
  'works with 64 open files': async () => {
    // Not from the start: Node opens more than that while it loads this program.
    const { status } = spawnSync('prlimit', ['--nofile=64:64', '--pid', String(process.pid)])
    if (status !== 0) throw new Error('prlimit is not to be had')
    await works()
  },
  'works as the first process': async () => {
    const pit = await open({ restart: { backoff: 0 } })
    const before = pit.workers()[0]?.info()?.pid ?? 0
    process.kill(before, 'SIGKILL')
    while ((await pit.execute('whoami').catch(() => before)) === before);
    await pit.close()
    say({ pid: process.pid, zombies: zombiesBelow(process.pid) })
  },
  'leaves one error': async () => {
    // Not from the start: what loads this program needs a better one.
    process.env.TMPDIR = process.env.ODD_TMPDIR
    const error = await open().then(
      (pit) => pit.close().then(() => undefined),
      (reason: unknown) => reason as { code: string; message: string },
    )
    say({ code: error?.code ?? '', message: error?.message ?? '' })
  },
  'loses its guardian as the first process': async () => {
    const pit = await open({ restart: { backoff: 0 } })
    const worker = await pit.execute<number>('whoami')
    const guardian = parentOf(worker)
    process.kill(guardian, 'SIGKILL')
    while ((await pit.execute('whoami').catch(() => worker)) === worker);
    await pit.close()
    say({ guardian, worker, zombies: zombiesBelow(process.pid) })
  },
  'is aborted': async () => {
    await open()
    process.abort()
  },
  'throws in a timer': async () => {
    await open()
    setTimeout(() => {
      throw new Error('out of ideas')
    })
    setInterval(() => undefined, 1000)
  },
  'rejects where nobody looks': async () => {
    await open()
    void Promise.reject(new Error('out of ideas'))
    setInterval(() => undefined, 1000)
  },
  'waits for a signal': async () => {
    const pit = await open()
    pit.execute('waits').catch(() => undefined)
    setInterval(() => undefined, 1000)
    say({ ready: true })
  },
  'closes at a signal, at once at the next': async () => {
    const pit = await open({ drain: 60_000 })
    pit.execute('waits', {}, { timeout: 60_000 }).catch(() => undefined)
    let signals = 0
    process.on('SIGINT', () => {
      say({ signals: ++signals })
      void pit.close(signals === 1 ? {} : { drain: 0 }).then(() => say({ closed: signals }))
      if (signals === 2) process.removeAllListeners('SIGINT')
    })
    say({ ready: true })
  },
  'ends a thread that has a pool': async () => {
    const self = JSON.stringify(import.meta.url)
    const load = `import('tsx/esm/api').then(({ register }) => (register(), import(${self})))`
    const thread = new Worker(load, { eval: true, workerData: ['waits for a signal', adapter] })
    await new Promise<void>((resolve, reject) => {
      thread.on('error', reject)
      thread.on('message', (fact: { ready?: boolean }) => {
        say(fact)
        if (fact.ready === true) resolve()
      })
    })
    await thread.terminate()
    say({ terminated: true })
    setInterval(() => undefined, 1000)
  },
  'has timers that do not run': async () => {
    const { mock } = await import('node:test')
    const pit = await open()
    const alive = setInterval(() => undefined, 1000)
    mock.timers.enable()
    const seen = await pit.execute('echo', { value: 'without time' })
    let count = 0
    for await (const _ of pit.stream('numbers', { n: 1000 }).values()) count++
    mock.timers.reset()
    clearInterval(alive)
    await pit.close()
    say({ seen, count })
  },
}

const act = ways[way]
if (act === undefined) throw new Error(`unknown way: ${way}`)
await act()
