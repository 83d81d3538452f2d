// A program of its own whose workers are at different things when it is killed.
//
//     node --import tsx doomed.ts <adapter> <workers> <workers that become ready> <folder for sockets>
import { Snakepit } from '../../../../src/index.js'
import { eventually } from '../../../support/eventually.js'

const [adapter = '', size = '1', ready = '1', folder = ''] = process.argv.slice(2)
process.env.TMPDIR = folder
const { LEDGER = '', STATES = '' } = process.env
const pit = await Snakepit.open({ adapter, size: Number(size), concurrency: 1, env: { LEDGER, STATES } })
await eventually(() => pit.stats().workers.ready === Number(ready), `${ready} workers to be ready`, 60_000)
// One for each worker: those that are idle have ended theirs by the time that the host is killed.
for (let worker = 0; worker < Number(ready); worker++) {
  const chunks = pit.stream('lives_on', {}, { timeout: 600_000 })[Symbol.asyncIterator]()
  const read = async () => {
    while ((await chunks.next()).done !== true);
  }
  read().catch(() => undefined)
}
setInterval(() => undefined, 1000)
