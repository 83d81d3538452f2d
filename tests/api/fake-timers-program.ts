// A program whose test framework has stopped all clocks, before or after it loads the library.
//
//     node --import tsx fake-timers-program.ts <adapter> <before | after>
import { createRequire } from 'node:module'

const [adapter = '', when = 'after'] = process.argv.slice(2)
const realTimeout = setTimeout

/** Every function of time that a framework takes away: whoever calls one waits for ever. */
function stopClocks(): void {
  const stands = () => ({ unref: () => undefined, ref: () => undefined, refresh: () => undefined })
  const timers = createRequire(import.meta.url)('node:timers')
  const names = ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate']
  for (const name of names) Object.assign(globalThis, { [name]: stands })
  // Who loads it first finds what the framework has put there: nobody can tell it from the real one.
  if (when === 'after') for (const name of names) timers[name] = stands
  Object.assign(globalThis, { queueMicrotask: stands })
  performance.now = () => 0
  Date.now = () => 0
}

const guard = realTimeout(() => process.exit(3), 45_000)
if (when === 'before') stopClocks()
const { Snakepit } = await import('../../src/index.js')
if (when === 'after') stopClocks()

const codeOf = (error: unknown) => (error as { code?: string; name: string }).code ?? (error as Error).name
const failure = (call: Promise<unknown>) => call.then(() => 'ok', codeOf)
const drained = async (stream: AsyncIterable<unknown>) => {
  let count = 0
  for await (const _ of stream) count++
  return count
}

const pit = await Snakepit.open({ adapter, size: 1, startTimeout: 30_000 })
const silent = (options: object) => pit.stream('silent', { name: 'silent' }, options)
const facts = {
  value: await pit.execute('plain'),
  stream: await drained(pit.stream('count', { n: 300 })),
  timeout: await failure(drained(silent({ timeout: 100 }))),
  idle: await failure(drained(silent({ idleTimeout: 100 }))),
  queued: await Promise.all([
    failure(drained(silent({ timeout: 300 }))),
    failure(pit.execute('plain', {}, { queueTimeout: 50 })),
  ]),
  drained: await pit.drain(1000),
}
await pit.close()
guard.close()
process.stdout.write(`${JSON.stringify(facts)}\n`)
