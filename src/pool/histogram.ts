// A latency histogram in 1 KiB, however many values it has seen.

/** What a histogram tells. Milliseconds; percentiles are right to within 7 %. */
export interface LatencySummary {
  readonly count: number
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

// Eight buckets to each doubling of microseconds; below eight, one for each.
const perDoubling = 8
const shift = 3
const buckets = perDoubling * (32 - shift + 1)
const largest = 2 ** 32 - 1

/** Counts durations in buckets that widen with the duration, from 1 microsecond to 71 minutes. */
export class Histogram {
  readonly #counts = new Uint32Array(buckets)
  #count = 0
  #sum = 0
  #max = 0

  /** Adds one duration in milliseconds. */
  record(milliseconds: number): void {
    const bucket = bucketOf(milliseconds)
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1
    this.#count++
    this.#sum += milliseconds
    if (milliseconds > this.#max) this.#max = milliseconds
  }

  /** The duration that the given share of all values does not exceed; 0 without values. */
  quantile(share: number): number {
    let left = Math.max(1, Math.ceil(share * this.#count))
    for (let bucket = 0; bucket < buckets; bucket++) {
      left -= this.#counts[bucket] as number
      if (left <= 0) return Math.min(middleOf(bucket), this.#max)
    }
    return 0
  }

  summary(): LatencySummary {
    return {
      count: this.#count,
      mean: this.#count === 0 ? 0 : this.#sum / this.#count,
      p50: this.quantile(0.5),
      p90: this.quantile(0.9),
      p99: this.quantile(0.99),
      max: this.#max,
    }
  }
}

function bucketOf(milliseconds: number): number {
  const micros = Math.max(0, Math.min(Math.floor(milliseconds * 1000), largest)) >>> 0
  if (micros < perDoubling) return micros
  const doubling = 31 - Math.clz32(micros) - shift
  return (doubling + 1) * perDoubling + ((micros >>> doubling) - perDoubling)
}

function middleOf(bucket: number): number {
  if (bucket < perDoubling) return bucket / 1000
  const doubling = Math.floor(bucket / perDoubling) - 1
  const lower = (perDoubling + (bucket % perDoubling)) * 2 ** doubling
  return (lower + 2 ** doubling / 2) / 1000
}
