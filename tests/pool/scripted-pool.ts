// A pool without Python: scripted workers, requests that keep what they were told, and a clock that moves when told to.
import { Observable, type Subscriber } from 'rxjs'
import type { TestScheduler } from 'rxjs/testing'
import { PythonError, type PythonFailure } from '../../src/errors/python-error.js'
import { SnakepitError } from '../../src/errors/snakepit-error.js'
import type { Clock } from '../../src/pool/clock.js'
import type { StopReason } from '../../src/pool/departure.js'
import { Pool } from '../../src/pool/pool.js'
import type { PoolOptions } from '../../src/pool/pool-options.js'
import { resolvePoolOptions } from '../../src/pool/pool-settings.js'
import type { Lease, LeaseOutcome, PoolRequest, SessionTicket } from '../../src/pool/request.js'
import type { Liveliness } from '../../src/worker/life-sign.js'
import type { WorkerEvent, WorkerExit, WorkerHandle } from '../../src/worker/worker-event.js'

/** A clock that stands still until `advance`. */
export class HandClock implements Clock {
  #now = 0
  readonly #timers = new Set<{ at: number; work: () => void }>()

  now(): number {
    return this.#now
  }

  after(delay: number, work: () => void): { unsubscribe: () => void } {
    const timer = { at: this.#now + Math.max(0, delay), work }
    this.#timers.add(timer)
    return { unsubscribe: () => this.#timers.delete(timer) }
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size
  }

  advance(milliseconds: number): void {
    const end = this.#now + milliseconds
    for (let next = this.#nextBy(end); next; next = this.#nextBy(end)) {
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.work()
    }
    this.#now = end
  }

  /** Time passes and nobody is woken, as when the event loop is blocked; the next `advance` wakes them, late. */
  stall(milliseconds: number): void {
    this.#now += milliseconds
  }

  #nextBy(end: number) {
    let first: { at: number; work: () => void } | undefined
    for (const timer of this.#timers) if (timer.at <= end && (!first || timer.at < first.at)) first = timer
    return first
  }
}

/** The virtual time of marble tests as a pool's clock. */
export function marbleClock(scheduler: TestScheduler): Clock {
  return { now: () => scheduler.now(), after: (delay, work) => scheduler.schedule(() => work(), delay) }
}

let incarnations = 0

/** A handle of a worker that is nothing but a name. */
export function handleOf(id: string): WorkerHandle {
  const incarnation = `${id}#${++incarnations}`
  return { info: { id, incarnation }, peer: {} } as unknown as WorkerHandle
}

/** What may be said of a probe. */
export interface ProbeOptions {
  readonly session?: SessionTicket
  readonly queueTimeout?: number
  readonly deadline?: number
  readonly poisonKey?: string
}

/** A request that keeps what it was told. */
export class ProbeRequest implements PoolRequest {
  readonly session: SessionTicket | undefined
  readonly queueTimeout: number
  readonly deadline: number | undefined
  readonly poisonKey: string | undefined
  lease: Lease | undefined
  error: SnakepitError | undefined
  answers = 0
  onGranted: ((lease: Lease) => void) | undefined
  onRefused: (() => void) | undefined

  constructor(
    readonly tool: string,
    { session, queueTimeout = 10_000, deadline, poisonKey }: ProbeOptions = {},
  ) {
    this.session = session
    this.queueTimeout = queueTimeout
    this.deadline = deadline
    this.poisonKey = poisonKey
  }

  granted(lease: Lease): void {
    this.answers++
    this.lease = lease
    this.onGranted?.(lease)
  }

  refused(error: SnakepitError): void {
    this.answers++
    this.error = error
    this.onRefused?.()
  }

  /** Worker that it runs on, the code it was refused with, or `waits`. */
  get fate(): string {
    if (this.lease) return this.lease.worker.info.id
    return this.error?.code ?? 'waits'
  }

  done(outcome: LeaseOutcome = { type: 'ok' }): void {
    this.lease?.release(outcome)
  }
}

/** One incarnation of a scripted worker. */
export class ScriptedWorker {
  readonly handle: WorkerHandle
  isOver = false
  isReady = false
  askedToStop: StopReason | undefined

  constructor(
    readonly id: string,
    readonly subscriber: Subscriber<WorkerEvent>,
  ) {
    this.handle = handleOf(id)
    subscriber.next({ type: 'starting', worker: id, incarnation: this.handle.info.incarnation })
  }

  ready(): void {
    this.isReady = true
    this.subscriber.next({ type: 'ready', handle: this.handle })
  }

  failStart(message = 'no module named numpy'): void {
    this.isOver = true
    const error = new SnakepitError('worker_start_failed', message)
    this.subscriber.next({ type: 'start-failed', worker: this.id, error })
    this.subscriber.complete()
  }

  leaving(): void {
    this.subscriber.next({ type: 'stopping', worker: this.id, rung: 'message' })
  }

  sign(condition: Liveliness): void {
    this.subscriber.next({ type: 'condition', worker: this.id, condition })
  }

  crash(message = 'exited with code 1', exit: Partial<WorkerExit> = {}): void {
    this.#exit(new SnakepitError('worker_crashed', message), exit)
  }

  exit(): void {
    this.#exit(undefined)
  }

  #exit(error: SnakepitError | undefined, how: Partial<WorkerExit> = {}): void {
    if (this.isOver) return
    this.isOver = true
    const exit: WorkerExit = { code: 0, signal: undefined, lastLines: [], rung: undefined, ...how }
    this.subscriber.next({ type: 'exited', worker: this.id, exit, error })
    this.subscriber.complete()
  }
}

/** A pool of scripted workers on a hand clock. Workers obey `stop$` at once unless `deaf`. */
export function scriptedPool(options: PoolOptions = {}, { deaf = false }: { deaf?: boolean } = {}) {
  /** Bytes that each incarnation is said to hold. */
  const memory = new Map<WorkerHandle, number>()
  const clock = new HandClock()
  const spawned: ScriptedWorker[] = []
  const unsubscribed: string[] = []
  const pool = new Pool(resolvePoolOptions({ name: 'w', size: 1, ...options }), {
    clock,
    random: () => 0,
    memoryOf: (handle) => memory.get(handle),
    spawn: (id, stop$) =>
      new Observable<WorkerEvent>((subscriber) => {
        const worker = new ScriptedWorker(id, subscriber)
        spawned.push(worker)
        subscriber.add(
          stop$.subscribe((reason) => {
            worker.askedToStop = reason
            if (!deaf) worker.exit()
          }),
        )
        return () => unsubscribed.push(id)
      }),
  })
  /** The incarnation that lives in a place now. */
  const at = (id: string) => spawned.findLast((worker) => worker.id === id && !worker.isOver) as ScriptedWorker
  const makeRequest = (tool: string, options?: ProbeOptions) => new ProbeRequest(tool, options)
  const submit = (tool: string, options?: ProbeOptions) => {
    const request = makeRequest(tool, options)
    pool.submit(request)
    return request
  }
  /** Starts it with every worker ready. */
  const up = () => {
    pool.start().catch(() => {})
    for (let index = 0; index < spawned.length; index++) (spawned[index] as ScriptedWorker).ready()
  }
  return { pool, clock, spawned, unsubscribed, memory, at, makeRequest, submit, up }
}

/** What a tool says whose device has no memory left: it taints its worker. */
export function deviceOutOfMemory(): PythonError {
  return pythonError('torch.OutOfMemoryError', 'CUDA out of memory. Tried to allocate 2.00 GiB', 'out_of_memory')
}

/** An exception as a worker would report it. */
export function pythonError(type: string, message: string, failure?: PythonFailure): PythonError {
  const exception = { type, bases: [], message, notes: [], frames: [], traceback: '', truncated: false }
  return new PythonError(`${type}: ${message}`, failure ? { ...exception, failure } : exception)
}

/** A ticket of a session. */
export function ticket(id: string, affinity: SessionTicket['affinity'] = 'hint', ttl?: number): SessionTicket {
  return { id, affinity, ttl }
}
