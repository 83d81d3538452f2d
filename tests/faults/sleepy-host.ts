// A program of its own whose event loop is blocked, or which is suspended from outside, while its workers run calls.
//
//     node --import tsx sleepy-host.ts <adapter> <milliseconds to block the event loop; 0 to be suspended>
import { Snakepit } from '../../src/index.js'

const [adapter = '', block = '0'] = process.argv.slice(2)
// Time that a suspended host sleeps through counts towards the deadlines of its calls.
const pit = await Snakepit.open({ adapter, size: 2, drain: 0, timeout: 120_000 })
await pit.ready()
const pids = pit.workers().map((worker) => worker.info()?.pid)
const signs: string[] = []
const watch = setInterval(() => signs.push(...pit.workers().map(({ sign }) => sign)), 100)

const numbers: number[] = []
const stream = (async () => {
  for await (const number of pit.stream('counts', { n: 300, ms: 50 }).values()) numbers.push(number as number)
})()
const hard = pit.execute('works_hard', { ms: 3_000 })
process.stdout.write('up\n')
if (block !== '0') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(block))
const [worker] = await Promise.all([hard, stream])
clearInterval(watch)
const after = pit.workers().map(({ info }) => info()?.pid)
const report = { pids, after, worker, numbers: numbers.length, hung: signs.includes('hung'), lost: pit.stats().lost }
await pit.close()
process.stdout.write(`${JSON.stringify(report)}\n`)
