// The scheduling decision: which worker a call runs on, what it waits for, or why it is refused.
import type { Liveliness } from '../worker/life-sign.js'
import type { PoolRequest } from './request.js'

/** What the decision looks at in a worker that finished its handshake. */
export interface WorkerView {
  /** `leaving` finishes what it runs and takes nothing new; `tainted` is not to be trusted with anything new either. */
  readonly condition: WorkerCondition
  readonly sign: Liveliness
  /** Slots taken. */
  readonly leases: number
  /** Slots there are. */
  readonly concurrency: number
  /** Rises with every lease granted in the pool; 0 for a worker that never had one. */
  readonly lastUsed: number
}

/** Whether a worker takes calls. */
export type WorkerCondition = 'ready' | 'leaving' | 'tainted'

/** A session's worker: none yet, gone for good, or the one that it is bound to. */
export type Home<W> = 'none' | 'gone' | W

/** The decision. */
export type Choice<W> =
  | { readonly type: 'run'; readonly worker: W }
  | { readonly type: 'wait' }
  | { readonly type: 'refuse'; readonly code: 'worker_busy' | 'session_worker_unavailable' }

const wait = { type: 'wait' } as const
const busy = { type: 'refuse', code: 'worker_busy' } as const
const unavailable = { type: 'refuse', code: 'session_worker_unavailable' } as const

/**
 * Decides for one call, from what is known this very moment. Changes nothing.
 *
 * | affinity | no home yet | home free | home busy | home leaving or tainted | home gone |
 * |---|---|---|---|---|---|
 * | no session | best free worker, or wait | | | | |
 * | `hint` | best free worker, or wait | home | best free worker, or wait | same | same |
 * | `strict_queue` | best free worker, or wait | home | wait | unavailable | unavailable |
 * | `strict_fail_fast` | best free worker, or wait | home | busy | unavailable | unavailable |
 */
export function chooseWorker<W extends WorkerView>(
  request: Pick<PoolRequest, 'session'>,
  workers: Iterable<W>,
  home: Home<W>,
): Choice<W> {
  if (typeof home === 'object' && isFree(home)) return { type: 'run', worker: home }
  const pin = pinOf(request, home)
  if (pin === undefined) {
    const worker = bestFree(workers)
    return worker ? { type: 'run', worker } : wait
  }
  if (pin === 'gone' || pin.condition !== 'ready') return unavailable
  return request.session?.affinity === 'strict_fail_fast' ? busy : wait
}

/** The worker that a call must run on, `gone` if that one is no more, undefined when any will do. */
export function pinOf<W>(request: Pick<PoolRequest, 'session'>, home: Home<W>): W | 'gone' | undefined {
  const session = request.session
  return session === undefined || session.affinity === 'hint' || home === 'none' ? undefined : home
}

/**
 * True for a worker that would take a call now. Nothing is queued behind a Python that does not get to answer where it
 * has other calls to get through; one that takes a call at a time may be given one if nobody else is free.
 */
export function isFree(worker: WorkerView): boolean {
  return (
    worker.condition === 'ready' &&
    worker.leases < worker.concurrency &&
    (worker.sign === 'responsive' || (worker.concurrency === 1 && worker.sign !== 'hung'))
  )
}

/** Those that answer first, then the fewest leases, then the one that has rested longest. */
function bestFree<W extends WorkerView>(workers: Iterable<W>): W | undefined {
  let best: W | undefined
  for (const worker of workers) {
    if (isFree(worker) && (best === undefined || isBetter(worker, best))) best = worker
  }
  return best
}

function isBetter(one: WorkerView, other: WorkerView): boolean {
  const answers = one.sign === 'responsive'
  if (answers !== (other.sign === 'responsive')) return answers
  return one.leases === other.leases ? one.lastUsed < other.lastUsed : one.leases < other.leases
}
