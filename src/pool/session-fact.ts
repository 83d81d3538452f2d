// What the pool tells of sessions.
import type { WorkerHandle } from '../worker/worker-event.js'
import type { LossReason } from './departure.js'

/** What happens to sessions, for the layer that tells the adapters and the program. */
export type SessionFact =
  /** Its first call came. */
  | { readonly type: 'session-begun'; readonly session: string }
  /** It has a worker from now on; its call is granted next. */
  | { readonly type: 'session-bound'; readonly session: string; readonly worker: WorkerHandle }
  /** It was lost, and may bind to another worker from now on. */
  | { readonly type: 'session-renewed'; readonly session: string }
  /** It was ended. `workers` are those alive that ran a call of it and may hold state for it. */
  | { readonly type: 'session-ended'; readonly session: string; readonly workers: readonly WorkerHandle[] }
  /** Nobody called it for its time to live. */
  | { readonly type: 'session-expired'; readonly session: string; readonly workers: readonly WorkerHandle[] }
  /** The worker it was bound to is gone or on its way out, and its state with it. */
  | {
      readonly type: 'session-lost'
      readonly session: string
      readonly worker: WorkerHandle
      readonly because: LossReason
      /** True when its next call binds it anew by itself; false when it must be renewed first. */
      readonly rebinds: boolean
    }

/** True for what concerns a session. */
export function isSessionFact(fact: { readonly type: string }): fact is SessionFact {
  return fact.type.startsWith('session-')
}
