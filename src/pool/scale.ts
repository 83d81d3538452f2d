// The scaling decision: more workers, one less, or as it is.

/** Between what bounds a pool breathes, and how fast. */
export interface ScaleRules {
  readonly minSize: number
  readonly maxSize: number
  /** Milliseconds that a worker must have been to spare before one is let go. */
  readonly workerIdleTimeout: number
  /** Calls that one worker runs at a time. */
  readonly concurrency: number
}

/** A worker that runs nothing. */
export interface IdleWorker {
  /** Since when. */
  readonly idleSince: number
  /** Strict sessions that have their home here. */
  readonly bonds: number
}

/** What is known when the decision is made. */
export interface ScaleView<W extends IdleWorker> {
  readonly now: number
  /** True once any worker has been ready: before that a fault may be everybody's. */
  readonly isUp: boolean
  /** Places that are to stay, whatever goes on in them. */
  readonly size: number
  /** Those of them that will bring a worker. */
  readonly coming: number
  /** Workers that were let go and are not gone yet. */
  readonly leaving: number
  /** Calls that wait and that any worker could run. */
  readonly demand: number
  /** Since when one worker less would have done; `Infinity` while it would not. */
  readonly spareSince: number
  /** The workers that run nothing now. */
  readonly idle: readonly W[]
}

/** The decision; `lookAgainAt` is `Infinity` where only an event can change it. */
export type ScaleVerdict<W> =
  | { readonly type: 'grow'; readonly by: number }
  | { readonly type: 'shrink'; readonly worker: W }
  | { readonly type: 'hold'; readonly lookAgainAt: number }

/**
 * Decides about the number of workers.
 *
 * It grows while calls wait that the workers on their way will not take. It shrinks by one, and by the next only when
 * that one is gone, once a worker was to spare for `workerIdleTimeout`: one that ran nothing for so long, or, as work
 * goes to whoever rested longest and so keeps everybody a little busy, one by whose absence nobody would have waited.
 * The home of a strict session is never let go.
 */
export function scale<W extends IdleWorker>(view: ScaleView<W>, rules: ScaleRules): ScaleVerdict<W> {
  const by = Math.min(missing(view, rules), rules.maxSize - view.size)
  if (by > 0) return { type: 'grow', by }
  if (view.size <= rules.minSize) return { type: 'hold', lookAgainAt: Infinity }
  const worker = view.demand === 0 && view.leaving === 0 ? idlest(view.idle) : undefined
  if (!worker) return { type: 'hold', lookAgainAt: view.now + rules.workerIdleTimeout }
  const due = Math.min(worker.idleSince, view.spareSince) + rules.workerIdleTimeout
  return due <= view.now ? { type: 'shrink', worker } : { type: 'hold', lookAgainAt: due }
}

function missing({ isUp, demand, coming }: ScaleView<IdleWorker>, { concurrency }: ScaleRules): number {
  return isUp ? Math.ceil(demand / concurrency) - coming : 0
}

/** The worker without strict sessions that has run nothing for longest. */
function idlest<W extends IdleWorker>(workers: readonly W[]): W | undefined {
  let best: W | undefined
  for (const worker of workers) {
    if (worker.bonds === 0 && (best === undefined || worker.idleSince < best.idleSince)) best = worker
  }
  return best
}
