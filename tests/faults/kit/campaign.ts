// Thousands of calls and streams while everything goes wrong, written down on both sides and held against the laws.
import { readFileSync } from 'node:fs'
import { type ChunkStream, Snakepit, SnakepitError } from '../../../src/index.js'
import { eventsFrom, type Finding, findingsOf, type LedgerEvent, tallyOf } from '../../support/call-ledger.js'
import { eventually } from '../../support/eventually.js'
import { Ledger } from '../../support/ledger.js'
import { adapterOf } from '../../support/pit.js'
import { kill } from '../../support/processes.js'
import { oneOf, seeded } from '../../support/seeded.js'
import { within } from '../../support/within.js'
import { ByteLimit, Latency, Slicer } from './toxics.js'
import { ProxiedWorkers } from './wire-proxy.js'

/** What is done, how often, and by which chance. Times are milliseconds. */
export interface Plan {
  readonly seed: number
  readonly workers: number
  readonly concurrency: number
  readonly calls: number
  readonly streams: number
  /** How many are under way at once. */
  readonly inFlight: number
  /**
   * Harm is done to a worker this often, but never before some calls have ended since: a machine that is slower at
   * starting workers than the clock is at killing them would get nothing done.
   */
  readonly harmEvery: number
  /** Everything must have ended by then. */
  readonly limit: number
}

/** What came of it. */
export interface Outcome {
  readonly plan: Plan
  readonly events: readonly LedgerEvent[]
  readonly findings: readonly Finding[]
  /** Counts by how calls ended. */
  readonly tally: Readonly<Record<string, number>>
  /** Counts by what was done to the workers. */
  readonly harms: Readonly<Record<Harm, number>>
  readonly seconds: number
}

/** What is done to workers and their wires. */
export type Harm = 'kill' | 'reset' | 'half-close' | 'cut' | 'slow'
const harms: readonly Harm[] = ['kill', 'kill', 'reset', 'half-close', 'cut', 'slow']

/** Calls that must have ended before the next harm. */
const callsBetweenHarms = 20

/** Runs a plan. Rejects only when something does not end; broken laws are among the findings. */
export async function runCampaign(plan: Plan): Promise<Outcome> {
  const ledger = new Ledger()
  const random = seeded(plan.seed)
  const proxied = new ProxiedWorkers()
  const pit = await Snakepit.openWith(
    {
      adapter: adapterOf(new URL('../x', import.meta.url).href, 'ledgered.py'),
      // The proxy between them takes sockets.
      transport: 'grpc',
      size: plan.workers,
      concurrency: plan.concurrency,
      startBatch: plan.workers,
      maxQueue: plan.inFlight * 2,
      queueTimeout: plan.limit,
      timeout: plan.limit,
      streamTimeout: plan.limit,
      restart: { maxCrashes: 1e6, maxStartFailures: 1e6, backoff: 0, jitter: 0 },
      barrier: false,
      drain: 0,
      env: ledger.env,
    },
    proxied,
  )
  const began = performance.now()
  const harmer = new Harmer(pit, proxied, seeded(plan.seed + 1))
  const callers = new Callers(pit, random)
  let endedBefore = 0
  const timer = setInterval(() => {
    if (callers.ended < endedBefore + callsBetweenHarms) return
    endedBefore = callers.ended
    harmer.harm()
  }, plan.harmEvery)
  try {
    await pit.ready()
    await within(callers.run(plan), 'the end of the campaign', plan.limit).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${callers.open.join(', ')}\n${pictureOf(pit)}`)
    })
    clearInterval(timer)
    await eventually(() => pit.stats().running === 0 && pit.stats().queued === 0, 'the last leases', 20_000)
  } finally {
    clearInterval(timer)
    await pit.close()
  }
  const lines = readFileSync(ledger.path, 'utf8').split('\n')
  const events = [...callers.events, ...eventsFrom(lines.filter((line) => line !== ''))]
  const seconds = (performance.now() - began) / 1000
  return { plan, events, findings: findingsOf(events), tally: tallyOf(events), harms: harmer.counts, seconds }
}

/** One line for a table: what was tried, how often it failed, and how to do it again. */
export function lineOf({ plan, events, findings, harms, seconds }: Outcome, guarantee: string): string {
  const trials = events.filter(({ kind }) => kind === 'submit').length
  const done = Object.entries(harms).map(([harm, count]) => `${count} × ${harm}`)
  return `${guarantee} | ${trials} trials | ${findings.length} failures | seed ${plan.seed} | ${seconds.toFixed(1)} s | ${done.join(', ')}`
}

/** Where everybody is, for the day that something hangs. */
function pictureOf(pit: Snakepit): string {
  const { queued, running, restarts } = pit.stats()
  const workers = pit
    .workers()
    .map(({ id, state, sign, running, info }) => ({ id, state, sign, running, pid: info()?.pid }))
  return JSON.stringify({ queued, running, restarts, workers })
}

/** Does harm to one worker after the other, by chance. */
class Harmer {
  readonly counts: Record<Harm, number> = { kill: 0, reset: 0, 'half-close': 0, cut: 0, slow: 0 }

  #done = 0

  constructor(
    readonly pit: Snakepit,
    readonly proxied: ProxiedWorkers,
    readonly random: () => number,
  ) {}

  harm(): void {
    const ready = this.pit.workers().filter(({ state }) => state === 'ready')
    if (ready.length === 0) return
    const info = oneOf(ready, this.random).info()
    if (info === undefined) return
    const proxy = this.proxied.at(info.transport.address)
    // Each kind in its turn: chance picks whom it hits, and when.
    const harm = harms[this.#done++ % harms.length] as Harm
    this.counts[harm]++
    switch (harm) {
      case 'kill':
        kill(info.pid)
        return
      case 'reset':
        return proxy.reset()
      case 'half-close':
        return proxy.halfClose(this.random() < 0.5 ? 'up' : 'down')
      case 'cut':
        return proxy.set(this.random() < 0.5 ? 'up' : 'down', new ByteLimit(Math.floor(this.random() * 3000)))
      case 'slow':
        proxy.set('up', new Latency(1, 5, this.random))
        return proxy.set('down', new Slicer(1 + Math.floor(this.random() * 200)), new Latency(0, 3, this.random))
    }
  }
}

/** Makes the calls and writes down what callers see. */
class Callers {
  readonly events: LedgerEvent[] = []
  ended = 0

  constructor(
    readonly pit: Snakepit,
    readonly random: () => number,
  ) {}

  /** All calls of the plan, so many at once, streams spread among them. */
  async run({ seed, calls, streams, inFlight }: Plan): Promise<void> {
    const total = calls + streams
    let next = 0
    const lane = async () => {
      while (next < total) {
        const index = next++
        const isStream = Math.floor(((index + 1) * streams) / total) > Math.floor((index * streams) / total)
        await (isStream ? this.#stream(`s${seed}-${index}`) : this.#call(`c${seed}-${index}`))
      }
    }
    await Promise.all(Array.from({ length: inFlight }, lane))
  }

  /** Calls that have not ended. */
  get open(): string[] {
    const ended = new Set(this.events.filter(({ kind }) => kind === 'terminal').map(({ call }) => call))
    return this.events.filter(({ kind, call }) => kind === 'submit' && !ended.has(call)).map(({ call }) => call)
  }

  async #call(call: string): Promise<void> {
    const tool = oneOf(['works', 'works_later', 'works', 'works_later', 'fails'], this.random)
    const args = tool === 'fails' ? { call } : { call, ms: this.random() * 6 }
    const { options, stop, left } = this.#leaving(call)
    this.#tell(call, 'submit')
    try {
      const nonce = await this.pit.execute<string>(tool, args, options)
      this.#tell(call, 'terminal', { outcome: 'ok', nonce })
    } catch (error) {
      this.#failed(call, error, left())
    } finally {
      stop()
    }
  }

  async #stream(call: string): Promise<void> {
    const tool = oneOf(['streams', 'streams_later'], this.random)
    const n = Math.floor(this.random() * 80)
    const size = oneOf([0, 10, 5000], this.random)
    const breakAt = this.random() < 0.15 ? Math.floor(this.random() * n) : -1
    const { options, stop, left } = this.#leaving(call)
    const window = 1 + Math.floor(this.random() * 32)
    this.#tell(call, 'submit')
    try {
      const stream: ChunkStream<[string, number]> = this.pit.stream(tool, { call, n, size }, { ...options, window })
      for await (const { data, isFinal, seq } of stream) {
        if (isFinal || data === null) continue
        const [nonce, inner] = data
        this.#tell(call, 'chunk', { seq: inner === seq ? seq : -1, nonce })
        if (seq !== breakAt) continue
        this.#tell(call, 'abort')
        break
      }
      this.#tell(call, 'terminal', { outcome: breakAt >= 0 && breakAt < n ? 'cancelled' : 'ok' })
    } catch (error) {
      this.#failed(call, error, left())
    } finally {
      stop()
    }
  }

  /** By chance: an abort, a time limit, or neither. */
  #leaving(call: string): {
    readonly options: { signal?: AbortSignal; timeout?: number }
    readonly stop: () => void
    readonly left: () => boolean
  } {
    const chance = this.random()
    if (chance < 0.08) return { options: { timeout: 1 + this.random() * 60 }, stop: () => {}, left: () => false }
    if (chance > 0.2) return { options: {}, stop: () => {}, left: () => false }
    const controller = new AbortController()
    const timer = setTimeout(() => {
      this.#tell(call, 'abort')
      controller.abort()
    }, this.random() * 60)
    const { signal } = controller
    return { options: { signal }, stop: () => clearTimeout(timer), left: () => signal.aborted }
  }

  #failed(call: string, error: unknown, left: boolean): void {
    if (left) return this.#tell(call, 'terminal', { outcome: 'cancelled' })
    // Anything else than an error of the library is nothing that a caller should see.
    if (!(error instanceof SnakepitError)) throw error
    const { code, mayHaveRun } = error
    const nonce = code === 'python_error' ? /ValueError: (\S+)/.exec(error.message)?.[1] : undefined
    this.#tell(call, 'terminal', { outcome: 'error', code, mayHaveRun, nonce })
  }

  #tell(call: string, kind: LedgerEvent['kind'], more: Partial<LedgerEvent> = {}): void {
    this.events.push({ side: 'host', call, at: performance.now(), kind, ...more })
    if (kind === 'terminal') this.ended++
  }
}
