// The crash barrier: what was there at too many crashes is kept from the workers that are left.

/** How many crashes are too many. */
export interface BarrierRules {
  /** Crashes of different workers that a call may have been there at. */
  readonly crashes: number
  /** Milliseconds that `crashes` looks back, and that the barrier stays down. */
  readonly within: number
}

/** The crashes that something was there at: the latest ones, oldest first, no more than the rules ask for. */
export interface CrashRecord {
  readonly times: readonly number[]
  /** Incarnation of the worker that crashed last. */
  readonly worker: string
}

/** The record after one more crash. Calls that died together with one worker saw one crash. */
export function withCrash(
  record: CrashRecord | undefined,
  worker: string,
  at: number,
  rules: BarrierRules,
): CrashRecord {
  if (record?.worker === worker) return record
  return { times: [...(record?.times ?? []), at].slice(-rules.crashes), worker }
}

/** Until when a record keeps its owner out; undefined when it does not. */
export function barredUntil(record: CrashRecord | undefined, now: number, rules: BarrierRules): number | undefined {
  const oldest = record?.times[0]
  if (record === undefined || oldest === undefined || record.times.length < rules.crashes) return undefined
  const until = oldest + rules.within
  return now < until ? until : undefined
}

const mostRecords = 1000

/** Who was there at which crashes. It never holds more than 1000 records: the oldest make room. */
export class Quarantine {
  readonly #records = new Map<string, CrashRecord>()

  constructor(readonly rules: BarrierRules) {}

  /** Until when this key is kept out; undefined when it is not. */
  until(key: string, now: number): number | undefined {
    return this.#records.size === 0 ? undefined : barredUntil(this.#records.get(key), now, this.rules)
  }

  /** The key was there when a worker crashed. Returns until when it is kept out from now on. */
  note(key: string, worker: string, now: number): number | undefined {
    const record = withCrash(this.#records.get(key), worker, now, this.rules)
    // Put in anew, so that the first of the map is the one that crashed longest ago.
    this.#records.delete(key)
    this.#records.set(key, record)
    if (this.#records.size > mostRecords) this.#records.delete(this.#records.keys().next().value as string)
    return barredUntil(record, now, this.rules)
  }
}
