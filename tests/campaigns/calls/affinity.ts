// Strict sessions on workers that die and are replaced in their places: never on another incarnation, never with wrong state.
import { type Affinity, type Session, type Snakepit, SnakepitError } from '../../../src/index.js'
import { kill } from '../../support/processes.js'
import { oneOf, seeded } from '../../support/seeded.js'
import { within } from '../../support/within.js'
import type { Campaign } from '../campaign.js'
import { counted, inLanes, openPool, patience, tally } from './kit.js'

const workers = 3
const lanes = 24
/** The calls that an answer tells of, at most. */
const mostTold = 40

export const affinity: Campaign = {
  name: 'affinity',
  guarantees: ['G19'],
  sentence:
    'A strict session runs on one incarnation of a worker; when that dies its calls fail with `session_worker_unavailable` until it is renewed',
  unit: 'calls',
  trials: { share: 1_500, chaos: 60_000, soak: 2_000_000 },
  async run({ trials, seed, scale }) {
    const random = seeded(seed)
    const failures: string[] = []
    const counts: Record<string, number> = {}
    const pit = await openPool('affinity.py', { size: workers, concurrency: 4 })
    const killer = new Killer(pit, scale === 'share' ? 150 : 400, random)
    const books = Array.from({ length: lanes }, (_, lane) => new Book(pit, `s-${lane}`, random, failures, counts))
    let made = 0
    try {
      await inLanes(
        trials,
        lanes,
        async (_, lane) => {
          const calls = Array.from({ length: Math.min(1 + Math.floor(random() * 4), trials - made) }, () => ++made)
          killer.called(calls.length)
          await (books[lane] as Book).burst(calls)
        },
        () => failures.length >= 10 || made >= trials,
      )
      const crashes = Object.values(pit.stats().crashes).reduce((sum, count) => sum + count, 0)
      if (crashes < Math.min(3, killer.kills)) failures.push(`only ${crashes} of ${killer.kills} kills were seen`)
      if ((counts.session_worker_unavailable ?? 0) === 0) failures.push('no session ever lost its worker')
    } finally {
      await pit.close()
    }
    return { trials: made, failures, figures: `${killer.kills} kills; ${counted(counts)}` }
  },
}

/** Kills a worker for every so many calls. */
class Killer {
  kills = 0
  #calls = 0

  constructor(
    readonly pit: Snakepit,
    readonly each: number,
    readonly random: () => number,
  ) {}

  called(count: number): void {
    this.#calls += count
    if (this.#calls < this.each) return
    this.#calls = 0
    const ready = this.pit.workers().filter(({ state }) => state === 'ready')
    const pid = ready.length === 0 ? undefined : oneOf(ready, this.random).info()?.pid
    if (pid === undefined) return
    if (kill(pid)) this.kills++
  }
}

type Answer = [process: string, session: string, seen: number[]]
type Ending = { readonly call: number; readonly affinity: Affinity } & (
  | { readonly answers: Answer[] }
  | { readonly error: SnakepitError }
)

/** A strict session, what it was told so far, and what that means for the next calls. */
class Book {
  #session: Session
  /** Undefined before the first answer. */
  #process: string | undefined
  readonly #answered = new Set<number>()
  #wasSent = false
  #isGone = false
  #generation = 0

  constructor(
    readonly pit: Snakepit,
    readonly id: string,
    readonly random: () => number,
    readonly failures: string[],
    readonly counts: Record<string, number>,
  ) {
    this.#session = this.#begin()
  }

  /** Calls and streams at once; what they give is held against what came before. */
  async burst(calls: readonly number[]): Promise<void> {
    if (this.#isGone && this.random() < 0.4) this.#beginAnew()
    const wasGone = this.#isGone
    const endings = await Promise.all(calls.map((call) => this.#one(call)))
    for (const ending of endings) {
      if ('error' in ending) this.#failed(ending, ending.error, wasGone)
      else for (const answer of ending.answers) this.#judge(ending.call, answer, calls, wasGone)
    }
    for (const ending of endings) if ('answers' in ending) this.#answered.add(ending.call)
    const reached = endings.some((ending) => 'answers' in ending || ending.error.mayHaveRun)
    if (this.#isGone && !this.#wasSent && !reached)
      this.#wrong(calls[0] ?? 0, 'was refused, but its session never had a worker')
    this.#wasSent ||= reached
  }

  async #one(call: number): Promise<Ending> {
    const affinity = this.random() < 0.1 ? 'strict_fail_fast' : 'strict_queue'
    try {
      const work = this.random() < 0.7 ? this.#execute(call, affinity) : this.#stream(call, affinity)
      const answers = await within(work, `call ${call}`, patience)
      tally(this.counts, 'value')
      return { call, affinity, answers }
    } catch (error) {
      if (!(error instanceof SnakepitError)) throw error
      tally(this.counts, error.code)
      return { call, affinity, error }
    }
  }

  #failed({ call, affinity }: Ending, { code, mayHaveRun, message }: SnakepitError, wasGone: boolean): void {
    switch (code) {
      case 'worker_busy':
        if (mayHaveRun || wasGone || affinity !== 'strict_fail_fast') this.#wrong(call, `was refused: ${message}`)
        return
      case 'session_worker_unavailable':
        if (mayHaveRun) this.#wrong(call, 'was refused and yet may have run')
        this.#isGone = true
        return
      case 'worker_crashed':
      case 'transport_failed':
        if (wasGone) this.#wrong(call, `was lost with a worker that was gone: ${message}`)
        this.#isGone = true
        return
      default:
        this.#wrong(call, `${code}: ${message}`)
    }
  }

  #judge(call: number, [process, session, seen]: Answer, burst: readonly number[], wasGone: boolean): void {
    if (session !== this.#session.id) this.#wrong(call, `ran in session ${session}`)
    if (wasGone) this.#wrong(call, `ran on ${process}, although the worker of its session was gone`)
    this.#process ??= process
    if (process !== this.#process) this.#wrong(call, `ran on ${process} instead of ${this.#process}`)
    const before = seen.filter((each) => !burst.includes(each))
    const isWhole = before.length === this.#answered.size || seen.length === mostTold
    const isOwn = before.every((each) => this.#answered.has(each)) && new Set(seen).size === seen.length
    if (!isWhole || !isOwn || !seen.includes(call)) {
      this.#wrong(call, `found ${seen} where ${[...this.#answered].slice(-mostTold)} had been, at once with ${burst}`)
    }
  }

  #beginAnew(): void {
    if (this.random() < 0.5) {
      this.#session.renew()
    } else {
      void this.#session.end()
      this.#session = this.#begin()
    }
    this.#process = undefined
    this.#answered.clear()
    this.#wasSent = false
    this.#isGone = false
  }

  #begin(): Session {
    return this.pit.session(`${this.id}-${this.#generation++}`, { affinity: 'strict_queue' })
  }

  async #execute(call: number, affinity: Affinity): Promise<Answer[]> {
    return [await this.#session.execute<Answer>('remembers', { call, ms: this.random() * 2 }, { affinity })]
  }

  async #stream(call: number, affinity: Affinity): Promise<Answer[]> {
    const answers: Answer[] = []
    const stream = this.#session.stream<Answer>('remembers_in_chunks', { call, n: 3 }, { affinity }).values()
    for await (const answer of stream) if (answer !== null) answers.push(answer)
    return answers
  }

  #wrong(call: number, what: string): void {
    this.failures.push(`call ${call} of ${this.#session.id} ${what}`)
  }
}
