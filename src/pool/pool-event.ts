// What goes into the scheduler and what comes out of it.
import type { SnakepitError } from '../errors/snakepit-error.js'
import type { Liveliness } from '../worker/life-sign.js'
import type { LossReason } from './departure.js'
import type { GuardFact } from './guard.js'
import type { LeaseEvent, PoolLease } from './pool-lease.js'
import type { PoolWorker } from './pool-worker.js'
import type { LeaseOutcome, PoolRequest } from './request.js'
import type { SessionFact } from './session-fact.js'
import type { Taint } from './taint.js'

/** Everything the scheduler hears of. */
export type PoolEvent =
  | { readonly type: 'submitted'; readonly request: PoolRequest }
  | { readonly type: 'withdrawn'; readonly request: PoolRequest }
  | LeaseEvent
  | { readonly type: 'session-end' | 'session-renew' | 'session-touch'; readonly session: string }
  | WorkerNews
  /** Newcomers are refused from now on; what waits still gets its turn. */
  | { readonly type: 'shut'; readonly because: Reason }
  /** All that waits is refused, and newcomers too. */
  | { readonly type: 'cleared'; readonly because: Reason }

/** What the scheduler hears of workers. */
export type WorkerNews =
  | { readonly type: 'worker-ready'; readonly worker: PoolWorker }
  /** It takes nothing new from now on, and its sessions lost it; what it runs may go on. */
  | { readonly type: 'worker-leaving'; readonly worker: PoolWorker; readonly because: LossReason }
  | { readonly type: 'worker-sign'; readonly worker: PoolWorker; readonly sign: Liveliness }
  | { readonly type: 'worker-gone'; readonly worker: PoolWorker }

/** True for what the scheduler hears of a worker. */
export function isWorkerNews(news: { readonly type: string }): news is WorkerNews {
  return workerNews.has(news.type)
}

const workerNews: ReadonlySet<string> = new Set<WorkerNews['type']>([
  'worker-ready',
  'worker-leaving',
  'worker-sign',
  'worker-gone',
])

/** Makes the error for one refused call, so that each has a stack and an identity of its own. */
export type Reason = (request: PoolRequest) => SnakepitError

/** Everything the scheduler says: each request gets one answer, each lease comes back once. */
export type PoolFact =
  | { readonly type: 'granted'; readonly request: PoolRequest; readonly lease: PoolLease }
  | { readonly type: 'refused'; readonly request: PoolRequest; readonly error: SnakepitError }
  /** It left the queue because its caller no longer wants it. */
  | { readonly type: 'dropped'; readonly request: PoolRequest }
  /** A slot is free again. `ran` is in milliseconds. */
  | { readonly type: 'ended'; readonly lease: PoolLease; readonly outcome: LeaseOutcome; readonly ran: number }
  /** A call left its worker in a state in which it should run no other: it takes nothing new any more. */
  | { readonly type: 'worker-tainted'; readonly worker: PoolWorker; readonly by: Taint }
  /** A worker that takes nothing new runs nothing any more. */
  | { readonly type: 'worker-vacant'; readonly worker: PoolWorker }
  /** How many calls wait that any worker could run. Told when it changes, of pools that can grow. */
  | { readonly type: 'demand'; readonly calls: number }
  | GuardFact
  | SessionFact
