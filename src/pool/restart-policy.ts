// What follows when a worker is lost or does not start: again after a while, or not any more. Pure functions.

/** How lost workers are replaced. */
export interface RestartRules {
  /** This many crashes of the pool's workers within `within` stop the pool, those that calls are held responsible for left out. */
  readonly maxCrashes: number
  /** Milliseconds that `maxCrashes` looks back. */
  readonly within: number
  /** How many times in a row a worker may fail to start before its place is given up, once the pool has been up. */
  readonly maxStartFailures: number
  /** Milliseconds before the first restart; doubles with each that follows. */
  readonly backoff: number
  /** Milliseconds between restarts at most. */
  readonly maxBackoff: number
  /** Milliseconds a worker must live for the backoff to begin anew. */
  readonly stableAfter: number
  /** The share of the backoff that chance may take off it, 0 to 1. Keeps workers from restarting in step. */
  readonly jitter: number
}

/** What a worker that was ready has behind it. */
export interface Life {
  /** Milliseconds it had been ready. */
  readonly lived: number
  /** Restarts of its place since it last was stable. */
  readonly restarts: number
}

/** How long a place rests, and the restarts to remember of it. */
export interface Rest {
  readonly after: number
  readonly restarts: number
}

/** What is known when a worker that was ready is lost. */
export interface Crash extends Life {
  /** Now, on the pool's clock. */
  readonly at: number
  /** When workers of the pool crashed before, oldest first. */
  readonly earlier: readonly number[]
  /** True when calls are held responsible for it, and kept from the other workers: then it does not count. */
  readonly isBlamed: boolean
}

/** What to do about a crash; `crashes` are those to remember. */
export type CrashVerdict =
  | ({ readonly type: 'restart'; readonly crashes: readonly number[] } & Rest)
  | { readonly type: 'give-up'; readonly crashes: readonly number[] }

/** Decides whether a lost worker is replaced, and when. `random` gives a number from 0 up to 1. */
export function afterCrash(crash: Crash, rules: RestartRules, random: () => number): CrashVerdict {
  const recent = crash.earlier.filter((time) => crash.at - time < rules.within)
  const crashes = crash.isBlamed ? recent : [...recent, crash.at]
  if (!crash.isBlamed && crashes.length >= rules.maxCrashes) return { type: 'give-up', crashes }
  return { type: 'restart', ...restAfter(crash, rules, random), crashes }
}

/**
 * How long a place rests whose worker was tainted and has gone. As after a crash, since whatever tainted it may do so
 * again; but it harmed nobody else's calls, and no number of taints stops the pool.
 */
export function afterTaint(life: Life, rules: RestartRules, random: () => number): Rest {
  return restAfter(life, rules, random)
}

function restAfter({ lived, restarts }: Life, rules: RestartRules, random: () => number): Rest {
  const earlier = lived >= rules.stableAfter ? 0 : restarts
  return { after: backoff(earlier, rules, random), restarts: earlier + 1 }
}

/** What is known when a worker did not start. */
export interface StartFailure {
  /** Failures of this place in a row, this one included. */
  readonly failures: number
  /** Restarts of its place since it last was stable. */
  readonly restarts: number
  /** True once any worker of the pool has been ready. */
  readonly poolWasUp: boolean
  /** What the pool's other places are up to. */
  readonly others: { readonly ready: number; readonly starting: number; readonly resting: number }
}

/** What to do about a worker that did not start. */
export type StartVerdict =
  | ({ readonly type: 'restart' } & Rest)
  /** Others are on their way: what becomes of them tells whether the fault is everybody's. */
  | { readonly type: 'wait-for-others' }
  | { readonly type: 'give-up-place' }
  | { readonly type: 'give-up' }

/** Decides about a worker that did not start. A pool that has never been up is not tried twice. */
export function afterStartFailure(failure: StartFailure, rules: RestartRules, random: () => number): StartVerdict {
  const { failures, restarts, poolWasUp, others } = failure
  if (!poolWasUp) return others.starting > 0 ? { type: 'wait-for-others' } : { type: 'give-up' }
  if (failures <= rules.maxStartFailures) {
    return { type: 'restart', after: backoff(restarts, rules, random), restarts: restarts + 1 }
  }
  return others.ready + others.starting + others.resting > 0 ? { type: 'give-up-place' } : { type: 'give-up' }
}

/** Milliseconds to rest before a restart that `restarts` others have preceded. */
export function backoff(restarts: number, rules: RestartRules, random: () => number): number {
  const full = Math.min(rules.backoff * 2 ** restarts, rules.maxBackoff)
  return full * (1 - rules.jitter * random())
}
