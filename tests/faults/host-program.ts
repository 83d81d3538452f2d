// A program of its own that opens a Snakepit, says who is there, and waits for its end.
//
//     node --import tsx host-program.ts <adapter> <tool that is running> <tool that starts a family>
import { Snakepit } from '../../src/index.js'

const [adapter = '', running = '', family = ''] = process.argv.slice(2)
const pit = await Snakepit.open({ adapter, size: 2, concurrency: 1, drain: 0 })
await pit.ready()
const pids = await Promise.all([pit.execute<number[]>(family), pit.execute<number[]>(family)])
const busy = new Promise<void>((resolve) => {
  pit.logs$.subscribe(({ message }) => message === 'busy' && resolve())
})
if (running === 'streams') void pit.stream(running)[Symbol.asyncIterator]().next()
else if (running !== '') pit.execute(running).catch(() => undefined)
if (running !== '') await busy
const folders = pit.workers().map((worker) => worker.info()?.transport.address)
process.stdout.write(`${JSON.stringify({ pids: [...new Set(pids.flat())], folders })}\n`)
setInterval(() => undefined, 1000)
