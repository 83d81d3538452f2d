// A program of its own whose event loop is blocked, or which is suspended from outside, in the middle of its calls.
//
//     node --import tsx sleepy.ts <adapter> <milliseconds to block the event loop; 0 to be suspended>
import { Snakepit } from '../../../../src/index.js'

const [adapter = '', block = '0'] = process.argv.slice(2)
// Time that a suspended host sleeps through counts towards the deadlines of its calls.
const pit = await Snakepit.open({ adapter, size: 2, drain: 0, timeout: 120_000 })
await pit.ready()
const pids = pit.workers().map((worker) => worker.info()?.pid)
const signs: string[] = []
pit.events$.subscribe((event) => event.type === 'worker-sign' && signs.push(event.sign))

let numbers = 1
const chunks = pit.stream('counts', { n: 100, ms: 50 }).values()[Symbol.asyncIterator]()
await chunks.next()
const hard = pit.execute<number>('works_hard', { ms: 3_000 })
const stream = (async () => {
  while ((await chunks.next()).done !== true) numbers++
})()
process.stdout.write('up\n')
if (block !== '0') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(block))
const [worker] = await Promise.all([hard, stream])
const after = await Promise.all([pit.execute('pid'), pit.execute('pid')])
const kept = pit.workers().map(({ info }) => info()?.pid)
const isWell = `${pids}` === `${kept}` && pids.includes(worker) && after.every((pid) => pids.includes(pid as number))
const { lost, tainted } = pit.stats()
await pit.close()
process.stdout.write(`${JSON.stringify({ isWell, numbers, lost, tainted, signs, pids, kept })}\n`)
