// Numbers out of runs: rates, percentiles, and ratios of pairs that were taken in turn.

/** Runs `work` and gives how many of what it counts passed each second. */
export async function perSecond(work: () => Promise<number>): Promise<number> {
  const began = performance.now()
  const count = await work()
  return (count * 1000) / (performance.now() - began)
}

/** Counts what an AsyncIterable yields. */
export async function count(source: AsyncIterable<unknown>): Promise<number> {
  let items = 0
  for await (const _ of source) items++
  return items
}

/** The value below which the given share of the samples lies. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Two figures that were taken in turn, several times, after one round that does not count. */
export interface Pairs {
  readonly ours: number
  readonly theirs: number
  /** Median of the ratios of each pair: the machine's drift falls out of it. */
  readonly ratio: number
}

/** Takes both figures in turn. `ratio` is ours over theirs. */
export async function inTurn(ours: () => Promise<number>, theirs: () => Promise<number>, rounds = 5): Promise<Pairs> {
  const samples: { ours: number; theirs: number }[] = []
  for (let round = 0; round <= rounds; round++) {
    const pair = { ours: await ours(), theirs: await theirs() }
    if (round > 0) samples.push(pair)
  }
  return {
    ours: percentile(
      samples.map((pair) => pair.ours),
      0.5,
    ),
    theirs: percentile(
      samples.map((pair) => pair.theirs),
      0.5,
    ),
    ratio: percentile(
      samples.map((pair) => pair.ours / pair.theirs),
      0.5,
    ),
  }
}
