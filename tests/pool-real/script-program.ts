// A program of its own that opens a Snakepit, does one thing with it, and falls off its end.
//
//     node --import tsx script-program.ts <adapter> <way to leave>
import { Snakepit } from '../../src/index.js'

const [adapter = '', way = ''] = process.argv.slice(2)
const { LEDGER = '' } = process.env

/** Says which processes there are: whoever started this looks whether they are gone. */
async function open(options: { readonly keepAlive?: boolean } = {}): Promise<Snakepit> {
  const pit = await Snakepit.open({ adapter, size: 2, env: { LEDGER }, ...options })
  await pit.ready()
  console.log(JSON.stringify({ pids: pit.workers().map((worker) => worker.info()?.pid) }))
  return pit
}

async function nextOfEndless(pit: Snakepit): Promise<void> {
  for await (const _ of pit.stream('ran_stream', { name: 'endless', n: 1 << 30 })) break
}

const ways: Record<string, () => Promise<unknown>> = {
  'opens and does nothing': open,
  'calls and does not close': async () => (await open()).execute('ran', { name: 'unclosed' }),
  'does not await its last call': async () => {
    const pit = await open()
    void pit.execute('works', { steps: 5, pause: 0.05 }).then((steps) => console.log(`worked ${steps}`))
  },
  'calls and closes': async () => {
    const pit = await open()
    await pit.execute('ran', { name: 'closed' })
    await pit.close()
  },
  'uses `await using`': async () => {
    await using pit = await open()
    await pit.execute('ran', { name: 'using' })
  },
  'throws within `await using`': async () => {
    await using pit = await open()
    await pit.execute('ran', { name: 'using' })
    throw new Error('out of ideas')
  },
  'throws without a close': async () => {
    const pit = await open()
    await pit.execute('ran', { name: 'thrown' })
    throw new Error('out of ideas')
  },
  'does not catch a failed call': async () => (await open()).execute('raises'),
  'has just left a stream': async () => nextOfEndless(await open()),
  'has just left a stream and closes': async () => {
    const pit = await open()
    await nextOfEndless(pit)
    await pit.close()
  },
  'has just aborted a call': async () => {
    const pit = await open()
    const controller = new AbortController()
    const call = pit.execute('silent', { name: 'aborted' }, controller).catch(() => undefined)
    await nextOfEndless(pit)
    controller.abort()
    await call
  },
  'sets its own exit code': async () => {
    await (await open()).execute('whoami')
    process.exitCode = 3
  },
  'calls process.exit': async () => {
    await (await open()).execute('whoami')
    process.exit(4)
  },
  'keeps a session open': async () => (await open()).session('s', { ttl: 3_600_000 }).execute('whoami'),
  'opens again in its last moment': async () => {
    const pit = await open()
    await pit.execute('whoami')
    process.once('beforeExit', () => void open().then((again) => again.execute('ran', { name: 'again' })))
  },
  'keeps itself alive': async () => (await open({ keepAlive: true })).execute('ran', { name: 'alive' }),
  'keeps itself alive until it closes': async () => {
    const pit = await open({ keepAlive: true })
    setTimeout(() => void pit.close(), 100)
  },
}

const leave = ways[way]
if (leave === undefined) throw new Error(`unknown way: ${way}`)
await leave()
