// Readers that stop: how far their producers get, what both processes hold, and what it costs other calls.
import type { Snakepit } from '../../../src/index.js'
import { eventually } from '../../support/eventually.js'
import { collectGarbage } from '../../support/garbage.js'
import { pidOf } from '../../support/pit.js'
import { residentOf } from '../../support/processes.js'
import { turn, within } from '../../support/within.js'
import { type Campaign, percentile, type Scale } from '../campaign.js'
import { mib, openPool, patience } from './kit.js'

const [kib, mebi] = [2 ** 10, 2 ** 20]
/** The default window of a stream. */
const window = { items: 256, bytes: mebi }
/** Bytes of a chunk. */
const sizes = [1, kib, mebi, 16 * mebi] as const
/** Streams that are paused at once, where chunks are small enough for that many. */
const atOnce = 64
/** The same of chunks that are larger than a message may be. */
const largeAtOnce: Record<Scale, number> = { share: 4, chaos: 16, soak: 64 }

/**
 * What the streams do not hold but memory does. Node: what was received and not read (the flow control window), one
 * message in the making, a large chunk that is put together from its parts, and what V8 and the allocator keep of the
 * garbage. Python: a message being sent, gRPC's copy of it, and what the allocator keeps.
 */
const slack = { node: (16 + 16 + 16 + 64) * mebi, python: (16 + 16 + 32) * mebi, held: (16 + 16 + 16) * mebi }
/** What paused streams may make of another call's time: as a factor, and milliseconds for the machine's other work. */
const [mostRatio, tolerance] = [2, 1]
/** Which share of the calls is judged: a few hundred are too few for what one in a hundred of them meets by chance. */
const judged: Record<Scale, number> = { share: 0.9, chaos: 0.99, soak: 0.99 }

/** Milliseconds of other calls just before a group of streams was paused, and beside them. */
interface Others {
  readonly alone: number
  readonly beside: number
}

/** Bytes that are held, most of all groups. */
interface Most {
  node: number
  python: number
  held: number
}

export const backpressure: Campaign = {
  name: 'backpressure',
  guarantees: ['G16'],
  sentence:
    'A stream that is not read keeps at most its window and one chunk in either process, however large its chunks, and 64 of them slow other calls down at most twice',
  unit: 'paused streams',
  trials: { share: 3 * atOnce + 4, chaos: 10 * (3 * atOnce + 16), soak: 200 * 4 * atOnce },
  async run({ trials, scale }) {
    const failures: string[] = []
    const others: Others[] = []
    const most: Most = { node: 0, python: 0, held: 0 }
    const calls = scale === 'share' ? 300 : 600
    let made = 0
    const pit = await openPool('produce.py', { size: 1, concurrency: atOnce + 8 })
    try {
      await callOthers(pit, 200, false)
      collectGarbage()
      const from = memoryOf(pit)
      // What was freed stays with the allocators: resident memory is held against the most that was ever allowed.
      let allowed: Most = { node: 0, python: 0, held: 0 }
      for (let group = 0; made < trials && failures.length < 10; group++) {
        const size = sizes[group % sizes.length] as number
        const count = size > mebi ? largeAtOnce[scale] : atOnce
        // A stream of a sync tool has the main thread for itself, whether it is read or not.
        const withSync = (group + Math.floor(group / sizes.length)) % 2 === 1
        const alone = percentile(await callOthers(pit, calls, withSync), judged[scale])
        const streams = new Paused(pit, group, size, count, withSync)
        await streams.open()
        others.push({ alone, beside: percentile(await callOthers(pit, calls, withSync), judged[scale]) })
        failures.push(...(await streams.tooFar()))
        const bound = count * (window.bytes + size)
        // A chunk that came in parts was there twice while it was put together.
        const inParts = size > mebi ? count * size : 0
        allowed = {
          node: Math.max(allowed.node, bound + inParts),
          python: Math.max(allowed.python, bound),
          held: bound,
        }
        const now = await atRest(pit, from.held + bound + slack.held)
        const which = `group ${group}, ${count} streams of chunks of ${size} bytes`
        for (const name of ['node', 'python', 'held'] as const) {
          const grown = now[name] - from[name]
          most[name] = Math.max(most[name], grown)
          const limit = allowed[name] + slack[name]
          if (grown > limit) failures.push(`${which}: ${name} grew by ${mib(grown)}, ${mib(limit)} allowed`)
        }
        failures.push(...(await streams.readOn()))
        await streams.leave()
        made += count
      }
    } finally {
      await pit.close()
    }
    // The group in the middle: what this machine did in one of them says nothing.
    const [alone, beside, over] = [
      percentile(
        others.map((each) => each.alone),
        0.5,
      ),
      percentile(
        others.map((each) => each.beside),
        0.5,
      ),
      percentile(
        others.map((each) => each.beside - mostRatio * each.alone),
        0.5,
      ),
    ]
    const quantile = `p${judged[scale] * 100}`
    if (over > tolerance) {
      failures.push(
        `other calls took ${quantile} ${beside} ms beside paused streams and ${alone} ms alone, in the middle group`,
      )
    }
    const held = `Node +${mib(most.node)} resident, ${mib(most.held)} of it held; Python +${mib(most.python)}`
    const figures = `${held}; other calls' ${quantile} ${beside.toFixed(2)} ms against ${alone.toFixed(2)} ms alone`
    return { trials: made, failures, figures }
  },
}

/** Bytes resident in each process, and those that Node can name. */
function memoryOf(pit: Snakepit): Most {
  const { rss, heapUsed, external } = process.memoryUsage()
  return { node: rss, python: residentOf(pidOf(pit)), held: heapUsed + external }
}

/** The same when the garbage is gone: large blocks are given back some turns after they were collected. */
async function atRest(pit: Snakepit, mostHeld: number): Promise<Most> {
  for (let turns = 0; turns < 20; turns++) {
    collectGarbage()
    await turn()
    if (memoryOf(pit).held <= mostHeld) break
  }
  return memoryOf(pit)
}

/** Calls one after the other, all or half of them on Python's event loop; the milliseconds of each. */
async function callOthers(pit: Snakepit, calls: number, allLater: boolean): Promise<number[]> {
  const took: number[] = []
  for (let nonce = 0; nonce < calls; nonce++) {
    const began = performance.now()
    const tool = nonce % 2 === 0 && !allLater ? 'echo' : 'echo_later'
    const value = await within(pit.execute(tool, { nonce }), 'another call', patience)
    if (value !== nonce) throw new Error(`call ${nonce} got ${value}`)
    took.push(performance.now() - began)
  }
  return took
}

type Item = [number: number, bytes: Uint8Array]

interface Reader {
  readonly name: string
  readonly chunks: AsyncIterator<Item | null, unknown>
  taken: number
}

/** Streams of which one chunk was read, and then no more. */
class Paused {
  readonly #streams: readonly Reader[]

  constructor(
    readonly pit: Snakepit,
    group: number,
    readonly size: number,
    count: number,
    withSync: boolean,
  ) {
    this.#streams = Array.from({ length: count }, (_, index) => {
      const name = `${group}-${index}`
      const chunks = pit.stream<Item>(withSync && index === 0 ? 'produce' : 'produce_later', { name, size }).values()
      return { name, chunks: chunks[Symbol.asyncIterator](), taken: 0 }
    })
  }

  /** Reads the first chunk of each; resolves when no producer gets any further. */
  async open(): Promise<void> {
    await Promise.all(this.#streams.map((stream) => this.#take(stream)))
    let before = ''
    let same = 0
    while (same < 5) {
      const now = JSON.stringify(await this.#yields())
      same = now === before ? same + 1 : 0
      before = now
    }
  }

  /** Every producer that is further ahead than its window, the chunk in its hands included. */
  async tooFar(): Promise<string[]> {
    const yields = await this.#yields()
    const ahead = Math.min(window.items, Math.ceil(window.bytes / this.size)) + 1
    return this.#streams.flatMap(({ name, taken }) => {
      const count = yields[name] ?? 0
      if (count <= taken + ahead) return []
      return [`${name} of ${this.size} bytes yielded ${count} where ${taken} were read and ${ahead} may be ahead`]
    })
  }

  /** A few chunks more of each: nothing is missing because it waited. */
  async readOn(): Promise<string[]> {
    const wrong: string[] = []
    const more = this.size > kib ? 2 : 300
    for (const stream of this.#streams) {
      for (let left = more; left > 0; left--) {
        const { taken } = stream
        const [number, bytes] = await this.#take(stream)
        if (number !== taken || bytes.length !== this.size) {
          wrong.push(`${stream.name}: chunk ${number} of ${bytes.length} bytes came where ${taken} was due`)
          break
        }
      }
    }
    return wrong
  }

  async leave(): Promise<void> {
    await Promise.all(this.#streams.map(({ chunks }) => chunks.return?.()))
    await eventually(() => this.pit.stats().running === 0, 'the producers to be left', patience)
  }

  async #take(stream: Reader): Promise<Item> {
    const { value, done } = await within(stream.chunks.next(), `chunk ${stream.taken} of ${stream.name}`, patience)
    if (done || value === null) throw new Error(`${stream.name} ended after ${stream.taken} chunks`)
    stream.taken++
    return value as Item
  }

  #yields(): Promise<Record<string, number>> {
    return within(this.pit.execute<Record<string, number>>('yields'), 'the counts of the producers', patience)
  }
}
