// The recycling decision: when a worker has served long enough, and whose turn it is. Pure functions.

/** When workers are replaced though nothing is wrong with them. `Infinity` is never. */
export interface RecycleRules {
  /** Calls that a worker may have run. */
  readonly maxCalls: number
  /** Milliseconds that it may have been ready. */
  readonly maxAge: number
  /** Bytes of memory that its process may hold resident. */
  readonly maxMemory: number
  /** The share that chance may take off a worker's calls and age, 0 to 1. */
  readonly jitter: number
  /** How many workers may be in replacement at a time. */
  readonly atOnce: number
}

/** One worker's own limits. */
export type RecycleLimits = Pick<RecycleRules, 'maxCalls' | 'maxAge' | 'maxMemory'>

/** What a worker has behind it. */
export interface Service {
  readonly calls: number
  /** Milliseconds. */
  readonly age: number
  /** Bytes; undefined where nobody knows. */
  readonly memory: number | undefined
}

/** Why a worker is recycled. */
export type RecycleCause = 'calls' | 'age' | 'memory'

/** True when any of the limits can be reached. */
export function canRecycle({ maxCalls, maxAge, maxMemory }: RecycleLimits): boolean {
  return Math.min(maxCalls, maxAge, maxMemory) < Infinity
}

/**
 * The limits of a worker that begins its service, a little nearer by chance, so that workers that began together do not
 * end together. Memory is as it is: no two processes fill up alike.
 */
export function limitsOf(rules: RecycleRules, random: () => number): RecycleLimits {
  const share = 1 - rules.jitter * random()
  return {
    maxCalls: Math.max(1, Math.round(rules.maxCalls * share)),
    maxAge: rules.maxAge * share,
    maxMemory: rules.maxMemory,
  }
}

/** Why a worker should be recycled; undefined while it should not. */
export function recycleCause({ calls, age, memory }: Service, limits: RecycleLimits): RecycleCause | undefined {
  if (memory !== undefined && memory > limits.maxMemory) return 'memory'
  if (calls >= limits.maxCalls) return 'calls'
  return age >= limits.maxAge ? 'age' : undefined
}

/** A worker that should be recycled. */
export interface DueWorker {
  /** Strict sessions that have their home there, and will lose it. */
  readonly bonds: number
  /** Since when it should be. */
  readonly dueSince: number
}

/** The next to be recycled: whoever costs the fewest strict sessions, then who is due longest. */
export function nextToRecycle<W extends DueWorker>(due: Iterable<W>): W | undefined {
  let best: W | undefined
  for (const worker of due) if (best === undefined || isSooner(worker, best)) best = worker
  return best
}

function isSooner(one: DueWorker, other: DueWorker): boolean {
  return one.bonds === other.bonds ? one.dueSince < other.dueSince : one.bonds < other.bonds
}
