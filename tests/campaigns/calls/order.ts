// Streams over wires that cut, hold back and delay what they carry: every chunk, in its place, once.
import { Snakepit } from '../../../src/index.js'
import { Bandwidth, Latency, Slicer, type Toxic } from '../../faults/kit/toxics.js'
import { ProxiedWorkers } from '../../faults/kit/wire-proxy.js'
import { adapterOf } from '../../support/pit.js'
import { seeded } from '../../support/seeded.js'
import { within } from '../../support/within.js'
import type { Campaign } from '../campaign.js'
import { counted, patience, tally } from './kit.js'

/** How a wire is slow, and how many chunks in so many are worth its time. */
const wires: Readonly<Record<string, { readonly weight: number; toxics(random: () => number): Toxic[] }>> = {
  'byte by byte': { weight: 0.01, toxics: () => [new Slicer(1)] },
  'seven bytes a write': { weight: 0.06, toxics: () => [new Slicer(7)] },
  'writes of chance': { weight: 0.33, toxics: (random) => [new Slicer(50 + Math.floor(random() * 400))] },
  latency: { weight: 0.3, toxics: (random) => [new Latency(1, 15, random)] },
  'latency in slices': { weight: 0.2, toxics: (random) => [new Slicer(4_000), new Latency(0, 3, random)] },
  'little bandwidth': { weight: 0.1, toxics: () => [new Slicer(16_000), new Bandwidth(4_000_000)] },
}
const streamsAtOnce = 8
/** Windows, and how many chunks of a stream are worth their time: one that is small waits for the wire with each chunk. */
const windows = [
  { window: 1, most: 150 },
  { window: 7, most: 1_000 },
  { window: 64, most: 10_000 },
  { window: 256, most: 50_000 },
  { window: 1024, most: 50_000 },
] as const
const perRound = 50_000

export const order: Campaign = {
  name: 'order',
  guarantees: ['G11'],
  sentence:
    'Over sliced, slow and jittering wires chunks arrive in yield order with no gap and no repeat, and an end means all of them',
  unit: 'chunks',
  trials: { share: 2_000, chaos: 100_000, soak: 1_000_000 },
  async run({ trials, seed }) {
    const failures: string[] = []
    const carried: Record<string, number> = {}
    let made = 0
    for (let round = 0; made < trials && failures.length < 10; round++) {
      const chunks = Math.min(perRound, trials - made)
      for (const [name, { weight, toxics }] of Object.entries(wires)) {
        const random = seeded(seed + round)
        const n = Math.ceil((chunks * weight) / streamsAtOnce)
        try {
          const read = await overWire(() => toxics(random), n, random)
          made += read
          tally(carried, name, read)
        } catch (error) {
          failures.push(`${name}, round ${round}, ${n} chunks in each stream: ${error}`)
        }
      }
    }
    return { trials: made, failures, figures: counted(carried) }
  },
}

async function overWire(toxics: () => Toxic[], n: number, random: () => number): Promise<number> {
  const workers = new ProxiedWorkers((proxy) => {
    proxy.set('up', ...toxics())
    proxy.set('down', ...toxics())
  })
  const adapter = adapterOf(new URL('../../faults/x', import.meta.url).href, 'ledgered.py')
  const streamTimeout = 2 ** 31 - 1
  const turn = Math.floor(random() * windows.length)
  const pit = await Snakepit.openWith(
    { adapter, transport: 'grpc', size: 1, concurrency: streamsAtOnce, drain: 0, streamTimeout },
    workers,
  )
  try {
    const reads = Array.from({ length: streamsAtOnce }, (_, index) => {
      const tool = index % 2 === 0 ? 'streams' : 'streams_later'
      // Small windows take turns, so that no round consists of them.
      const { window, most } = windows[(index + turn) % windows.length] as (typeof windows)[number]
      return readAll(pit, tool, `${tool}-${index}`, Math.min(n, most), Math.floor(random() * 60), window)
    })
    const counts = await within(Promise.all(reads), 'the end of all streams', 10 * patience)
    return counts.reduce((sum, count) => sum + count, 0)
  } finally {
    await pit.close()
  }
}

/** Reads a stream to its end; throws when anything is missing, twice, wrong, or out of its place. */
async function readAll(pit: Snakepit, tool: string, call: string, n: number, size: number, window: number) {
  let next = 0
  for await (const { data, seq, isFinal } of pit.stream<[string, number, Uint8Array]>(
    tool,
    { call, n, size },
    { window },
  )) {
    if (seq !== next) throw new Error(`${call}: chunk ${seq} came where ${next} was due`)
    if (isFinal) break
    const [from, number, ballast] = data as [string, number, Uint8Array]
    if (from !== call || number !== next || ballast.length !== size) {
      throw new Error(`${call}: [${from}, ${number}, ${ballast.length} bytes] came as chunk ${next}`)
    }
    next++
  }
  if (next !== n) throw new Error(`${call} ended after ${next} of ${n} chunks`)
  return n
}
