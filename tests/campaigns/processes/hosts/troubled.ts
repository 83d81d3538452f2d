// A program of its own whose workers end in every way there is, one after another; it looks for zombies after each.
//
//     node --import tsx troubled.ts <adapter> <times> <seed>
import { Snakepit, type SnakepitOptions } from '../../../../src/index.js'
import { eventually } from '../../../support/eventually.js'
import { zombiesBelow } from '../../../support/processes.js'
import { reasonOf } from '../../../support/rejection.js'
import { seeded } from '../../../support/seeded.js'
import { within } from '../../../support/within.js'

const [adapter = '', times = '1', seed = '1'] = process.argv.slice(2)
const random = seeded(Number(seed))
const options = { adapter, size: 1, drain: 0, restart: { backoff: 0 }, barrier: false } satisfies SnakepitOptions

/** Each ends with no worker left. */
const troubles: Readonly<Record<string, () => Promise<void>>> = {
  closed: () => using(async (pit) => void (await pit.execute('grow'))),
  closed_at_work: () =>
    using(async (pit) => {
      void reasonOf(pit.execute('holds_the_gil'))
      await eventually(() => pit.stats().running === 1, 'a running call')
    }),
  killed: () => replaced('killed'),
  segfaults: () => replaced('segfaults'),
  exits: () => replaced('exits'),
  not_left: () => replaced('hides', { timeout: 100 }),
  not_left_by_c: () => replaced('holds_the_gil', { timeout: 100 }),
  does_not_start: async () => {
    await reasonOf(Snakepit.open({ ...options, env: { TROUBLE: 'hangs' }, startTimeout: 1_000 }))
  },
}

for (let time = 0; time < Number(times); time++) {
  const names = Object.keys(troubles)
  const name = names[Math.floor(random() * names.length)] as string
  const problem = await (troubles[name] as () => Promise<void>)().then(atRest, (error: unknown) => String(error))
  process.stdout.write(`${JSON.stringify({ name, problem })}\n`)
}

async function using(act: (pit: Snakepit) => Promise<void>): Promise<void> {
  const pit = await Snakepit.open({ ...options, cancelGrace: 200 })
  try {
    await act(pit)
  } finally {
    await pit.close()
  }
}

/** Ends a worker, and waits for the next one. */
function replaced(tool: string, call: { timeout?: number } = {}): Promise<void> {
  return using(async (pit) => {
    await pit.execute('grow')
    const before = await pit.execute('pid')
    await reasonOf(pit.execute(tool, {}, call))
    const after = await within(pit.execute('pid', {}, { queueTimeout: 20_000 }), 'the next worker', 20_000)
    if (after === before) throw new Error(`worker ${before} was not replaced`)
    // Its place has been taken, so its end is over.
    const zombies = zombiesBelow(process.pid)
    await eventually(() => zombies.every((pid) => !zombiesBelow(process.pid).includes(pid)), 'no zombie', 2_000)
  })
}

/** What is wrong once nothing is open. */
async function atRest(): Promise<string | undefined> {
  const left = () => zombiesBelow(process.pid)
  const none = eventually(() => left().length === 0, 'no zombie', 2_000)
  return none.then(
    () => undefined,
    () => `zombies ${left().join(', ')}`,
  )
}
