// A program of its own that calls, streams and restarts for long, and says after each stretch what it and its worker hold.
//
//     node --expose-gc --import tsx flat-host.ts '{"calls":100000,"streams":10000,"restarts":20,"stretches":24,"seed":1}'
import { getEventListeners } from 'node:events'
import { eventually } from '../../support/eventually.js'
import { collectGarbage } from '../../support/garbage.js'
import { pidOf } from '../../support/pit.js'
import { kill, residentOf } from '../../support/processes.js'
import { seeded } from '../../support/seeded.js'
import type { FlatPlan, FlatSample } from './flat.js'
import { descriptorsOf, inLanes, openPool, patience, threadsOf } from './kit.js'

const { calls, streams, restarts, stretches, seed } = JSON.parse(process.argv[2] ?? '{}') as FlatPlan
const random = seeded(seed)
/** One for everything, as a program's own end is. */
const { signal } = new AbortController()
const pit = await openPool('small.py', { size: 1, concurrency: 32 })
let [made, restarted] = [0, 0]

for (let stretch = 0; stretch < stretches; stretch++) {
  await inLanes(Math.ceil(calls / stretches), 64, call)
  await inLanes(Math.ceil(streams / stretches), 32, stream)
  await tell('calls')
}
const perStretch = Math.ceil(restarts / 8)
for (let stretch = 0; stretch < 8 && restarted < restarts; stretch++) {
  for (let left = perStretch; left > 0; left--) await restart()
  await inLanes(100, 32, call)
  await tell('restarts')
}
await pit.close()

async function call(nonce: number): Promise<void> {
  made++
  // One in twenty is aborted, by a signal of its own.
  const own = nonce % 20 === 0 ? new AbortController() : undefined
  const value = pit.execute(nonce % 2 === 0 ? 'echo' : 'echo_later', { nonce }, { signal: own?.signal ?? signal })
  if (own !== undefined) setImmediate(() => own.abort())
  try {
    if ((await value) !== nonce) throw new Error(`call ${nonce} got ${await value}`)
  } catch (error) {
    if (own === undefined) throw error
  }
}

/** Half of them are left before they end. */
async function stream(nonce: number): Promise<void> {
  made++
  const n = Math.floor(random() * 40)
  const leaveAt = random() < 0.5 ? Math.floor(random() * n) : -1
  const tool = random() < 0.5 ? 'streams' : 'streams_later'
  let next = 0
  for await (const value of pit.stream<number[]>(tool, { nonce, n }, { signal }).values()) {
    if (value === null) continue
    if (value[0] !== nonce || value[1] !== next) throw new Error(`stream ${nonce} got ${value} where ${next} was due`)
    if (next++ === leaveAt) return
  }
}

async function restart(): Promise<void> {
  const pid = pidOf(pit)
  kill(pid)
  await eventually(
    () => {
      const [worker] = pit.workers()
      return worker?.state === 'ready' && worker.info()?.pid !== pid
    },
    'another worker',
    patience,
  )
  restarted++
}

/** Says what is held when nothing is under way. */
async function tell(phase: FlatSample['phase']): Promise<void> {
  await eventually(() => pit.stats().running === 0, 'every tool to be left', patience)
  // What the last abort made ready has run, and what it dropped is gone.
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  collectGarbage()
  const worker = pidOf(pit)
  const sample: FlatSample = {
    phase,
    calls: made,
    restarts: restarted,
    heap: process.memoryUsage().heapUsed,
    node: residentOf(process.pid),
    python: residentOf(worker),
    equal: {
      'descriptors of Node': descriptorsOf(process.pid),
      'descriptors of Python': descriptorsOf(worker),
      'threads of Node': threadsOf(process.pid),
      'threads of Python': threadsOf(worker),
      'handles of Node': process.getActiveResourcesInfo().filter((name) => name !== 'Timeout').length,
      'listeners of the signal': getEventListeners(signal, 'abort').length,
      'listeners of the process': process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    },
  }
  process.stdout.write(`${JSON.stringify(sample)}\n`)
}
