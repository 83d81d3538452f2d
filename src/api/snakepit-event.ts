// What happens inside, as programs may watch it: workers that come and go, calls that had to be left or run again.
import { filter, map, merge, type Observable } from 'rxjs'
import type { SnakepitError } from '../errors/snakepit-error.js'
import type { LeaveRung, LossReason, Pool, PoolFact, RosterNews } from '../pool/index.js'
import { type CrashClass, crashClassOf } from '../worker/crash-class.js'
import type { Liveliness } from '../worker/life-sign.js'
import type { StopRung, WorkerInfo } from '../worker/worker-event.js'

/** Something that happened, and the pool that it happened in. Times are milliseconds. */
export type SnakepitEvent = { readonly pool: string } & (WorkerHappening | CallHappening)

/** Something that happened to a worker; `worker` is the name of its place. */
export type WorkerHappening =
  | { readonly type: 'worker-starting'; readonly worker: string; readonly incarnation: string }
  | { readonly type: 'worker-ready'; readonly worker: string; readonly info: WorkerInfo }
  | { readonly type: 'worker-start-failed'; readonly worker: string; readonly error: SnakepitError }
  /** Its signs of life changed. */
  | { readonly type: 'worker-sign'; readonly worker: string; readonly sign: Liveliness }
  /** It is being stopped, and this is how. */
  | { readonly type: 'worker-stopping'; readonly worker: string; readonly rung: StopRung }
  /** Its process is gone; `error` is undefined where it was asked to go. */
  | {
      readonly type: 'worker-exited'
      readonly worker: string
      readonly exitCode: number | undefined
      readonly signal: NodeJS.Signals | undefined
      /** The kind of death, where it was not asked to go. */
      readonly crashClass: CrashClass | undefined
      readonly error: SnakepitError | undefined
    }
  /** Another one takes its place after a rest. */
  | { readonly type: 'worker-restarting'; readonly worker: string; readonly after: number }

/** Something that happened to a call, a tool or a session. */
export type CallHappening =
  /** Python has left a call that was cancelled or ran out of time; `rung` is how far it had to be pushed. */
  | {
      readonly type: 'call-left'
      readonly tool: string
      readonly session: string | undefined
      readonly worker: string
      readonly rung: LeaveRung
      /** From the cancel until Python had left it. */
      readonly after: number
      /**
       * What the tool raised besides the cancel, on its way out (a {@link PythonError}): in a `finally`, in an
       * `except CallCancelled`, while a generator was closed. Its caller hears of the cancel alone.
       */
      readonly error: SnakepitError | undefined
      /** From the moment it had a worker until Python had left it. */
      readonly ran: number
    }
  /** A call whose earlier run failed begins another one. */
  | {
      readonly type: 'call-retried'
      readonly tool: string
      readonly session: string | undefined
      readonly worker: string
      /** Which run it is, from 2. */
      readonly attempt: number
    }
  /** Calls of a tool, of one poison key where it has one, killed too many workers: they are refused for a while. */
  | { readonly type: 'tool-quarantined'; readonly tool: string; readonly key: string | undefined }
  /** `tool` is undefined for the breaker of the whole pool. */
  | {
      readonly type: 'breaker-changed'
      readonly tool: string | undefined
      readonly state: 'closed' | 'open' | 'half_open'
    }
  | {
      readonly type: 'session-lost'
      readonly session: string
      readonly worker: string
      readonly because: LossReason
    }

/** Everything that happens in a pool from now on. */
export function eventsOf(pool: Pool): Observable<SnakepitEvent> {
  const { name } = pool.settings
  const workers$ = pool.roster$.pipe(map(ofNews))
  const calls$ = pool.facts$.pipe(map(ofFact))
  return merge(workers$, calls$).pipe(
    filter((happening) => happening !== undefined),
    map((happening) => ({ pool: name, ...happening })),
  )
}

function ofNews(news: RosterNews): WorkerHappening | undefined {
  if (news.type === 'worker-restarting') return { type: news.type, worker: news.place, after: news.after }
  if (news.type !== 'worker-event') return undefined
  const { event } = news
  switch (event.type) {
    case 'starting':
      return { type: 'worker-starting', worker: event.worker, incarnation: event.incarnation }
    case 'ready':
      return { type: 'worker-ready', worker: event.handle.info.id, info: event.handle.info }
    case 'start-failed':
      return { type: 'worker-start-failed', worker: event.worker, error: event.error }
    case 'condition':
      return { type: 'worker-sign', worker: event.worker, sign: event.condition }
    case 'stopping':
      return { type: 'worker-stopping', worker: event.worker, rung: event.rung }
    case 'exited': {
      const { code: exitCode, signal } = event.exit
      const crashClass = event.error && crashClassOf(event.exit)
      return { type: 'worker-exited', worker: event.worker, exitCode, signal, crashClass, error: event.error }
    }
    case 'log':
      return undefined
  }
}

function ofFact(fact: PoolFact): CallHappening | undefined {
  switch (fact.type) {
    case 'ended': {
      const { lease, outcome, ran } = fact
      if (outcome.left === undefined) return undefined
      const { tool, session } = lease.request
      const { rung, after, error } = outcome.left
      const worker = lease.worker.info.id
      return { type: 'call-left', tool, session: session?.id, worker, rung, after, error, ran }
    }
    case 'granted': {
      const { tool, session, attempt = 1 } = fact.request
      if (attempt === 1) return undefined
      return { type: 'call-retried', tool, session: session?.id, worker: fact.lease.worker.info.id, attempt }
    }
    case 'tool-quarantined':
      return { type: fact.type, tool: fact.tool, key: fact.key }
    case 'breaker-changed':
      return { type: fact.type, tool: fact.tool, state: fact.state.type }
    case 'session-lost':
      return { type: fact.type, session: fact.session, worker: fact.worker.info.id, because: fact.because }
    default:
      return undefined
  }
}
