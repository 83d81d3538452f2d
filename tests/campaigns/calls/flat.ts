// A program that calls, streams and restarts for long: what it and its worker hold is what they held when it was warm.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Campaign } from '../campaign.js'
import { mib, whole } from './kit.js'

/** What the program does. */
export interface FlatPlan {
  readonly calls: number
  readonly streams: number
  readonly restarts: number
  /** Stretches of calls, each with a sample at its end. */
  readonly stretches: number
  readonly seed: number
}

/** What is held at rest: bytes, and counts that have to stay what they were. */
export interface FlatSample {
  readonly phase: 'calls' | 'restarts'
  readonly calls: number
  readonly restarts: number
  readonly heap: number
  readonly node: number
  readonly python: number
  readonly equal: Readonly<Record<string, number>>
}

/** The share of the stretches that warms up, and the bytes that may be added after it. */
const [warmUp, mostHeap, mostPython] = [1 / 3, 5 * 2 ** 20, 10 * 2 ** 20]
/** Bytes by which resident memory may grow with each thousand calls: seconds of calls prove less than minutes of them. */
const mostSlope = { share: 512 * 2 ** 10, chaos: 2 ** 10, soak: 2 ** 10 }
const program = fileURLToPath(new URL('flat-host.ts', import.meta.url))

export const flat: Campaign = {
  name: 'flat',
  guarantees: ['G33'],
  sentence:
    'After its warm-up a program that calls, streams, aborts and restarts keeps its heap, its workers their memory, and both their descriptors, threads, handles and listeners',
  unit: 'calls',
  trials: { share: 12_000, chaos: 1_000_000, soak: 5_000_000 },
  async run({ trials, seed, scale }) {
    const plan = { calls: trials, streams: trials / 10, restarts: Math.ceil(trials / 5_000), stretches: 24, seed }
    const { samples, ending } = await runProgram(plan)
    const failures = ending === '' ? [] : [`${ending}, plan ${JSON.stringify(plan)}`]
    const calling = samples.filter(({ phase }) => phase === 'calls').slice(plan.stretches * warmUp)
    const restarting = samples.filter(({ phase }) => phase === 'restarts').slice(1)
    if (calling.length < 10 || restarting.length < 2)
      return { trials: 0, failures: [...failures, 'too few samples'], figures: '' }
    for (const part of [calling, restarting]) failures.push(...grown(part))
    const slopes = {
      node: slopeOf(calling, 'node'),
      python: slopeOf(calling, 'python'),
      heap: slopeOf(calling, 'heap'),
    }
    for (const [what, { slope, error }] of Object.entries(slopes)) {
      // What may be chance is not held against it.
      if (slope - 2 * error > mostSlope[scale]) {
        failures.push(`${what} grew by ${slope.toFixed(0)} ± ${error.toFixed(0)} bytes with each 1,000 calls`)
      }
    }
    if (failures.length > 0)
      failures.push([JSON.stringify(plan), ...samples.map((each) => JSON.stringify(each))].join('\n'))
    const fits = Object.entries(slopes).map(
      ([what, { slope, error }]) => `${what} ${slope.toFixed(0)} ± ${error.toFixed(0)}`,
    )
    const [from, to] = [calling[0] as FlatSample, calling.at(-1) as FlatSample]
    const figures = [
      `heap ${mib(from.heap)} to ${mib(to.heap)}`,
      `Node ${mib(from.node)} to ${mib(to.node)}`,
      `Python ${mib(from.python)} to ${mib(to.python)}`,
      `${whole(samples.at(-1)?.restarts ?? 0)} restarts`,
      `bytes with each 1,000 calls: ${fits.join(', ')}`,
    ]
    return { trials: samples.at(-1)?.calls ?? 0, failures, figures: figures.join('; ') }
  },
}

/** What the last sample has more than the first. */
function grown(samples: readonly FlatSample[]): string[] {
  const [from, to] = [samples[0] as FlatSample, samples.at(-1) as FlatSample]
  const unequal = Object.entries(from.equal).flatMap(([what, count]) =>
    to.equal[what] === count ? [] : [`${to.phase}: ${what} were ${count} and became ${to.equal[what]}`],
  )
  const heap = to.heap - from.heap
  if (heap > mostHeap) unequal.push(`${to.phase}: the heap grew by ${mib(heap)}`)
  const python = to.python - from.python
  // After restarts it is another process, younger than the first.
  if (python > mostPython) unequal.push(`${to.phase}: Python grew by ${mib(python)}`)
  return unequal
}

/** Bytes for each thousand calls by least squares, and the standard error of that. */
function slopeOf(samples: readonly FlatSample[], what: 'node' | 'python' | 'heap'): { slope: number; error: number } {
  const points = samples.map((sample) => [sample.calls / 1000, sample[what]] as const)
  const mean = (index: 0 | 1) => points.reduce((sum, point) => sum + point[index], 0) / points.length
  const [x0, y0] = [mean(0), mean(1)]
  const spread = points.reduce((sum, [x]) => sum + (x - x0) ** 2, 0)
  const slope = points.reduce((sum, [x, y]) => sum + (x - x0) * (y - y0), 0) / spread
  const rest = points.reduce((sum, [x, y]) => sum + (y - y0 - slope * (x - x0)) ** 2, 0)
  return { slope, error: Math.sqrt(rest / (points.length - 2) / spread) }
}

async function runProgram(plan: FlatPlan): Promise<{ readonly samples: FlatSample[]; readonly ending: string }> {
  const words = ['--expose-gc', '--import', 'tsx', program, JSON.stringify(plan)]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  const samples: FlatSample[] = []
  let said = ''
  child.stderr.on('data', (text) => {
    said = `${said}${text}`.slice(-4_000)
  })
  const exited = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) samples.push(JSON.parse(line) as FlatSample)
  const [code, signal] = await exited
  return { samples, ending: code === 0 ? '' : `the program ended with ${code ?? signal}: ${said}` }
}
