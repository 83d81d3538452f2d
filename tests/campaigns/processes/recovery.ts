// Workers are killed again and again under load: each is back soon, and only the calls that it ran are lost.
import { setTimeout as pause } from 'node:timers/promises'
import { Snakepit, SnakepitError } from '../../../src/index.js'
import { eventually } from '../../support/eventually.js'
import { seeded } from '../../support/seeded.js'
import { within } from '../../support/within.js'
import type { Campaign, Outcome, Plan } from '../campaign.js'
import { type BareChild, bareChild } from './bare-child.js'
import { adapterAt } from './host.js'
import { spread } from './rounds.js'

const size = 4
const concurrency = 4
/** Calls that run or wait at any time. */
const load = 24
/** Milliseconds from one kill to the next. */
const every = 500
/** Milliseconds that a worker may take to be back beside its boot, and what the system takes to tell of a death. */
const slack = 1000

interface Kill {
  readonly worker: string
  readonly incarnation: string
  readonly at: number
  /** Calls that it ran when it was killed. */
  readonly running: number
  /** Milliseconds until each call that was lost was told. */
  readonly told: number[]
  /** Milliseconds until the death of a bare child was told that was killed with it. */
  bare: number
  back?: { readonly after: number; readonly boot: number }
}

export const recovery: Campaign = {
  name: 'recovery',
  guarantees: ['G8'],
  sentence:
    'every 500 ms one of 4 workers is killed under load: each is back within its boot + 1 s, no more calls fail than it ran, and their errors name the signal',
  unit: 'kills',
  trials: { share: 6, chaos: 60, soak: 600 },
  async run(plan) {
    const pit = await Snakepit.open({
      adapter: adapterAt('plain.py'),
      size,
      concurrency,
      drain: 0,
      queueTimeout: 60_000,
      timeout: 60_000,
      restart: { backoff: 0, jitter: 0, maxCrashes: 1_000_000 },
      barrier: false,
    })
    try {
      await pit.ready()
      return await new Trial(pit, plan).run()
    } finally {
      await pit.close()
    }
  },
}

class Trial {
  readonly #kills: Kill[] = []
  readonly #failures: string[] = []
  readonly #random: () => number
  #calls = 0
  #isOver = false

  constructor(
    readonly pit: Snakepit,
    readonly plan: Plan,
  ) {
    this.#random = seeded(plan.seed)
  }

  async run(): Promise<Outcome> {
    const returns = this.pit.events$.subscribe((event) => {
      if (event.type === 'worker-ready') this.#isBack(event.worker, event.info.startedInMs)
    })
    const lanes = Array.from({ length: load }, () => this.#lane())
    for (let number = 0; number < this.plan.trials; number++) {
      const child = await bareChild()
      await pause(every)
      await eventually(() => this.#victims().length > 0, 'a worker to be ready', 30_000)
      this.#kill(child)
    }
    const isBack = () => this.#kills.every(({ back }) => back !== undefined)
    await eventually(isBack, 'all workers to be back', 30_000)
    this.#isOver = true
    await within(Promise.all(lanes), 'the end of the calls', 30_000)
    returns.unsubscribe()
    return this.#outcome()
  }

  #victims() {
    const killed = new Set(this.#kills.map(({ incarnation }) => incarnation))
    return this.pit.workers().filter((worker) => {
      const incarnation = worker.info()?.incarnation
      return worker.state === 'ready' && incarnation !== undefined && !killed.has(incarnation)
    })
  }

  #kill(child: BareChild): void {
    const victims = this.#victims()
    const victim = victims[Math.floor(this.#random() * victims.length)]
    const info = victim?.info()
    if (victim === undefined || info === undefined) return
    const { id, running } = victim
    const { incarnation, pid } = info
    const kill: Kill = { worker: id, incarnation, at: performance.now(), running, told: [], bare: 0 }
    this.#kills.push(kill)
    process.kill(pid, 'SIGKILL')
    void child.die().then((ms) => {
      kill.bare = ms
    })
  }

  #isBack(worker: string, boot: number): void {
    const kill = this.#kills.findLast((each) => each.worker === worker)
    if (kill === undefined || kill.back !== undefined) return
    kill.back = { after: performance.now() - kill.at, boot }
  }

  async #lane(): Promise<void> {
    while (!this.#isOver) {
      this.#calls++
      // One that fails of anything else ends its lane: what fails at once would leave no time for anybody else.
      if (
        !(await this.pit.execute('naps', { ms: this.#random() * 20 }).then(
          () => true,
          (e) => this.#isLost(e),
        ))
      )
        return
    }
  }

  /** Notes what a kill has cost; false when no kill did. */
  #isLost(error: unknown): boolean {
    const kill = error instanceof SnakepitError && this.#kills.findLast(({ worker }) => worker === error.details.worker)
    if (!kill) {
      this.#fail(`a call failed of no kill: ${error}`)
      return false
    }
    kill.told.push(performance.now() - kill.at)
    if (error.code !== 'worker_crashed' || error.details.signal !== 'SIGKILL' || !/SIGKILL/.test(error.message)) {
      this.#fail(`a call of a killed worker ended with ${error.code}: ${error.message}`)
    }
    return true
  }

  #outcome(): Outcome {
    for (const [number, { worker, running, told, back, bare }] of this.#kills.entries()) {
      const name = `kill ${number} (${worker}, ${running} running)`
      if (told.length > running) this.#fail(`${name}: ${told.length} calls were lost`)
      if (back === undefined) this.#fail(`${name}: it never came back`)
      else if (back.after > back.boot + slack + bare) {
        this.#fail(
          `${name}: back after ${back.after} ms, boot ${back.boot} ms; a bare child was told of after ${bare} ms`,
        )
      }
    }
    const [lost, running] = [this.#kills.flatMap(({ told }) => told), this.#kills.map((kill) => kill.running)]
    const ran = running.reduce((sum, count) => sum + count, 0)
    const beside = this.#kills.flatMap(({ back }) => (back === undefined ? [] : [back.after - back.boot]))
    return {
      trials: this.#kills.length,
      failures: this.#failures,
      figures: `${this.#calls} calls, ${lost.length} lost of ${ran} that ran; told after ${spread(lost)}, a bare child after ${spread(this.#kills.map(({ bare }) => bare))}; back after boot + ${spread(beside)}`,
    }
  }

  #fail(what: string): void {
    this.#failures.push(`seed ${this.plan.seed}: ${what}`)
  }
}
