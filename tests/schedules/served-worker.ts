// A worker of a scheduled pool: real peers on a scheduled wire, TypeScript tools, and deaths in two steps.
import { Observable, type Subscriber } from 'rxjs'
import { SnakepitError } from '../../src/errors/snakepit-error.js'
import { attach } from '../../src/peer/attach.js'
import { Peer } from '../../src/peer/peer.js'
import { serveTools } from '../../src/peer/serve-tools.js'
import type { Spawn } from '../../src/pool/index.js'
import { crashed, stopped } from '../../src/worker/loss.js'
import type { WorkerEvent, WorkerHandle } from '../../src/worker/worker-event.js'
import { closeAtEnd, hello } from '../support/peers.js'
import { ScheduledWires } from '../support/scheduled-wires.js'
import { PlannedTools, type Stage } from './planned-tools.js'

/** How the workers of one schedule are. */
export interface WorkerPlan {
  readonly depth: number
  /** Which starts fail, again and again from the front. */
  readonly starts: readonly boolean[]
}

/** Everything that was ever spawned in one schedule. */
export class Workforce {
  readonly workers: ServedWorker[] = []
  readonly #stage: Stage
  readonly #plan: WorkerPlan

  constructor(stage: Stage, plan: WorkerPlan) {
    this.#stage = stage
    this.#plan = plan
  }

  /** How a pool starts one. */
  readonly spawn: Spawn = (id, stop$) =>
    new Observable((subscriber) => {
      const { starts } = this.#plan
      const fails = starts[this.workers.length % Math.max(1, starts.length)] ?? false
      const worker = new ServedWorker(id, `${id}#${this.workers.length}`, this.#stage, this.#plan.depth, subscriber)
      this.workers.push(worker)
      subscriber.add(stop$.subscribe(() => void worker.stop()))
      subscriber.add(() => void worker.stop())
      void worker.boot(fails)
    })

  /** True for a call that a worker runs which lives, and that nothing moves any more. */
  isStuck(call: string): boolean {
    const last = this.#stage.events.findLast((event) => event.side === 'worker' && event.call === call)
    const worker = this.workers.find(({ incarnation }) => incarnation === last?.worker)
    if (worker === undefined || worker.state === 'dead') return false
    return last?.kind === 'end' || !worker.tools.waiting.has(call)
  }

  /** One that lives; undefined when none does. */
  some(which: number): ServedWorker | undefined {
    const alive = this.workers.filter(({ state }) => state === 'ready')
    return alive[which % Math.max(1, alive.length)]
  }
}

/** One incarnation. */
export class ServedWorker {
  readonly id: string
  readonly incarnation: string
  readonly tools: PlannedTools
  readonly #stage: Stage
  readonly #subscriber: Subscriber<WorkerEvent>
  readonly #wires: ScheduledWires
  readonly #host = new Peer({ side: 'host', handler: serveTools(new Map()) })
  readonly #worker: Peer
  state: 'booting' | 'ready' | 'stopping' | 'dead' = 'booting'

  constructor(id: string, incarnation: string, stage: Stage, depth: number, subscriber: Subscriber<WorkerEvent>) {
    this.id = id
    this.incarnation = incarnation
    this.#stage = stage
    this.#subscriber = subscriber
    this.#wires = new ScheduledWires(depth)
    this.tools = new PlannedTools(stage, incarnation)
    this.#worker = new Peer({ side: 'worker', handler: serveTools(new Map(Object.entries(this.tools.tools))) })
    subscriber.next({ type: 'starting', worker: id, incarnation })
  }

  async boot(fails: boolean): Promise<void> {
    const [near, far] = this.#wires.ends
    const { signal } = new AbortController()
    await this.#stage.step(`${this.incarnation} boots`)
    if (this.state !== 'booting') return
    if (fails) {
      this.state = 'dead'
      const error = new SnakepitError('worker_start_failed', 'no module named numpy')
      this.#subscriber.next({ type: 'start-failed', worker: this.id, error })
      this.#subscriber.complete()
      return
    }
    const [attachment, theirs] = await Promise.all([
      attach(near, this.#host, { hello: hello('h'.repeat(8)), expectToken: 'w'.repeat(8) }, signal),
      attach(far, this.#worker, { hello: hello('w'.repeat(8)), expectToken: 'h'.repeat(8) }, signal),
    ])
    for (const ended of [attachment.ended, closeAtEnd(this.#worker, theirs)]) {
      void ended.then((error) => error && this.#stage.broken.push(`the wire broke: ${error.message}`))
    }
    if (this.state !== 'booting') return
    this.#wires.hold(this.#stage.step)
    this.state = 'ready'
    const { id, incarnation } = this
    this.#subscriber.next({ type: 'ready', handle: { info: { id, incarnation }, peer: this.#host } as WorkerHandle })
  }

  /** Its process is gone; of what it said, so many messages still arrive. The host learns of it in a later step. */
  async kill(still: number): Promise<void> {
    if (this.state !== 'ready') return
    await this.#die(still, false)
  }

  /** It does not answer any more: its pool replaces it. */
  hang(): void {
    if (this.state === 'ready') this.#subscriber.next({ type: 'condition', worker: this.id, condition: 'hung' })
  }

  /** It leaves by order: in steps, so that what it runs may still end. */
  async stop(): Promise<void> {
    if (this.state === 'booting') {
      this.state = 'dead'
      return this.#exited(true)
    }
    if (this.state !== 'ready') return
    this.state = 'stopping'
    this.#subscriber.next({ type: 'stopping', worker: this.id, rung: 'message' })
    await this.#stage.step(`${this.incarnation} stops`)
    await this.#die(1, true)
  }

  async #die(still: number, isOrdered: boolean): Promise<void> {
    this.state = 'dead'
    this.tools.isDead = true
    this.#wires.cut(still)
    await this.#stage.step(`the end of ${this.incarnation} is seen`)
    this.#exited(isOrdered)
  }

  /** First the news, then the ends of the calls, as a real worker does. */
  #exited(isOrdered: boolean): void {
    const { id } = this
    const exit = { code: undefined, signal: 'SIGKILL' as const, lastLines: [], rung: undefined }
    const error = isOrdered ? undefined : crashed(id, exit, undefined)
    this.#subscriber.next({ type: 'exited', worker: id, exit, error })
    this.#host.close(error ?? stopped(id))
    this.#subscriber.complete()
  }
}
