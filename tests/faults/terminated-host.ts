// A program of its own with many calls in flight, which is told to end.
//
//     node --import tsx terminated-host.ts <adapter> <calls> <seconds each> <drain in ms> <plan>
import { execa } from 'execa'
import { Snakepit } from '../../src/index.js'

const [adapter = '', calls = '1', seconds = '1', drain = '10000', plan = ''] = process.argv.slice(2)
const say = (line: string) => process.stdout.write(`${line}\n`)
const open = (from: typeof Snakepit) =>
  from.open({
    adapter,
    size: 4,
    concurrency: 25,
    drain: Number(drain),
    env: { LEDGER: process.env.LEDGER ?? '' },
    drainOnSigterm: plan !== 'drops',
  })

/** What programs and their libraries do about SIGTERM. */
const plans: Record<string, () => unknown> = {
  'listens before': () => process.on('SIGTERM', () => say('told')),
  'listens for the first one': () => process.once('SIGTERM', () => say('told')),
  'looks on': async () => (await import('signal-exit')).onExit((code, signal) => void say(`exit ${code} ${signal}`)),
  'looks on as it was done before': () => {
    // signal-exit 3.
    const emitter = { count: 1 }
    Object.assign(process, { __signal_exit_emitter__: emitter })
    const listener = () => {
      if (process.listeners('SIGTERM').length !== emitter.count) return
      process.off('SIGTERM', listener)
      emitter.count--
      say('exit null SIGTERM')
      process.kill(process.pid, 'SIGTERM')
    }
    process.on('SIGTERM', listener)
  },
  'has a child': () => void execa('sleep', ['1000']).catch(() => undefined),
}
await plans[plan]?.()
if (plan === 'opens') say('up')
const pit = await open(Snakepit)
await pit.ready()
const other = plan === 'has two copies' ? await open(await copyOfTheLibrary()) : undefined
if (plan === 'listens') process.on('SIGTERM', () => say('told'))
if (plan === 'closes and ends') {
  process.on('SIGTERM', async () => {
    await pit.close()
    say('closed')
    process.exit(7)
  })
}
if (plan === 'asks') {
  process.on('SIGINT', async () => {
    await pit.close()
    say('closed')
    clearInterval(server)
  })
}

// What a server would do: nothing but a signal ends this program.
const server = setInterval(() => undefined, 1000)
let done = 0
let failed = 0
const all = Array.from({ length: Number(calls) }, (_, nonce) =>
  (nonce % 2 === 0 ? pit : (other ?? pit))
    .execute('naps', { nonce, seconds: Number(seconds) }, { queueTimeout: 30_000, timeout: 120_000 })
    .then(
      () => done++,
      () => failed++,
    ),
)
say('up')
await Promise.all(all)
say(`${done} done, ${failed} failed`)

/** Every module of the library once more, as two versions of it would be there side by side. */
async function copyOfTheLibrary(): Promise<typeof Snakepit> {
  const { register } = await import('node:module')
  const hooks = `export async function resolve(specifier, context, next) {
    const found = await next(specifier, context)
    const isCopy = specifier.endsWith('?copy') || (context.parentURL ?? '').endsWith('?copy')
    return isCopy && found.url.includes('/src/') && !found.url.endsWith('?copy') ? { ...found, url: found.url + '?copy' } : found
  }`
  register(`data:text/javascript,${encodeURIComponent(hooks)}`)
  const { Snakepit: Copy } = (await import(`../../src/index.js${'?copy'}`)) as { Snakepit: typeof Snakepit }
  if (Copy === Snakepit) throw new Error('there is one copy only')
  return Copy
}
