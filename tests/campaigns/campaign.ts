// A campaign: one guarantee, tried many times with faults that a seed chooses, at the scale that is asked for.

/** How many times: a share for every run of the tests, minutes of chaos, hours of soak. */
export type Scale = 'share' | 'chaos' | 'soak'

/** Every scale, smallest first. */
export const scales: readonly Scale[] = ['share', 'chaos', 'soak']

/** One guarantee, or several that the same faults prove, and how they are tried. */
export interface Campaign {
  /** Name in tables and on the command line. */
  readonly name: string
  /** `G5`, `G12` … of the guarantees. */
  readonly guarantees: readonly string[]
  /** The sentence that a failure would falsify. */
  readonly sentence: string
  /** What a trial is: `calls`, `kills`, `hosts killed`. */
  readonly unit: string
  /** Trials at each scale. */
  readonly trials: Readonly<Record<Scale, number>>
  run(plan: Plan): Promise<Outcome>
}

/** What a campaign is told. */
export interface Plan {
  readonly trials: number
  readonly seed: number
  readonly scale: Scale
}

/** What came of it. */
export interface Outcome {
  /** Trials that were really made. */
  readonly trials: number
  /** One line for each that failed. */
  readonly failures: readonly string[]
  /** Measured figures, for the table: `p99 14 ms, 412 kills`. */
  readonly figures: string
}

/** A campaign that has been run. */
export interface Report extends Outcome {
  readonly campaign: Campaign
  readonly seed: number
  readonly seconds: number
}

/** Runs a campaign; whatever it throws is a failure like any other. */
export async function conduct(campaign: Campaign, scale: Scale, seed: number): Promise<Report> {
  const began = performance.now()
  const outcome = await campaign
    .run({ trials: campaign.trials[scale], seed, scale })
    .catch((error: unknown) => ({ trials: 0, failures: [stackOf(error)], figures: '' }))
  return { ...outcome, campaign, seed, seconds: (performance.now() - began) / 1000 }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? String(error)) : String(error)
}

/** The reports as a table in Markdown. */
export function tableOf(reports: readonly Report[]): string {
  const rows = reports.map(({ campaign, trials, failures, figures, seconds, seed }) => [
    campaign.guarantees.join(', '),
    campaign.sentence,
    `${trials.toLocaleString('en-US')} ${campaign.unit}`,
    String(failures.length),
    figures,
    `${seconds.toFixed(0)} s`,
    String(seed),
  ])
  const head = ['guarantee', 'what was tried', 'trials', 'failures', 'measured', 'time', 'seed']
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** The value below which this share of the numbers lies; NaN of none. */
export function percentile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
