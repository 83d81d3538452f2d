// A program of its own with many calls in flight, which is told to end.
//
//     node --import tsx terminated-host.ts <adapter> <calls> <seconds each> <drain in ms> <listens | asks | drops | ''>
import { Snakepit } from '../../src/index.js'

const [adapter = '', calls = '1', seconds = '1', drain = '10000', plan = ''] = process.argv.slice(2)
const pit = await Snakepit.open({
  adapter,
  size: 4,
  concurrency: 25,
  drain: Number(drain),
  env: { LEDGER: process.env.LEDGER ?? '' },
  drainOnSigterm: plan !== 'drops',
})
await pit.ready()
// What a server would do: nothing but a signal ends this program.
const server = setInterval(() => undefined, 1000)
const say = (line: string) => process.stdout.write(`${line}\n`)
if (plan === 'listens') process.on('SIGTERM', () => say('the program has its own plan'))
if (plan === 'asks') {
  process.on('SIGINT', async () => {
    await pit.close()
    say('closed')
    clearInterval(server)
  })
}

let done = 0
let failed = 0
const all = Array.from({ length: Number(calls) }, (_, nonce) =>
  pit.execute('naps', { nonce, seconds: Number(seconds) }, { queueTimeout: 30_000 }).then(
    () => done++,
    () => failed++,
  ),
)
say('up')
await Promise.all(all)
say(`${done} done, ${failed} failed`)
