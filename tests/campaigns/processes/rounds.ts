// Rounds of a campaign: a few at a time, each with its own chance, each failure with what is needed to see it again.
import { seeded } from '../../support/seeded.js'
import { type Outcome, type Plan, percentile } from '../campaign.js'

/** One try. What chance decides in it follows from the seed of the campaign and the number of the round. */
export interface Round {
  /** From 0. */
  readonly number: number
  readonly random: () => number
  /** One of several, by chance. */
  oneOf<T>(choices: readonly T[]): T
  /** A whole number of those from 0 up, by chance. */
  below(limit: number): number
  /** Adds to what is said about this round should it fail. */
  note(fact: string): void
  /** Counts something wrong; the round goes on. */
  fail(what: string): void
}

/** Runs the rounds, and counts those in which something was wrong. */
export async function inRounds(
  { trials, seed }: Plan,
  atOnce: number,
  run: (round: Round) => Promise<void>,
  figures: () => string,
): Promise<Outcome> {
  const failures: string[] = []
  let next = 0
  const lane = async () => {
    while (next < trials) {
      const number = next++
      const { round, facts, wrong } = roundOf(seed, number)
      await run(round).catch((error: unknown) => wrong.push(error instanceof Error ? (error.stack ?? '') : `${error}`))
      if (wrong.length > 0) failures.push(`seed ${seed}, round ${number} (${facts.join(', ')}): ${wrong.join('; ')}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return { trials: next, failures, figures: figures() }
}

/** `p50 12 ms, p99 31 ms, max 40 ms`. */
export function spread(milliseconds: readonly number[]): string {
  if (milliseconds.length === 0) return 'not tried'
  const at = (share: number) => percentile(milliseconds, share).toFixed(0)
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`
}

function roundOf(seed: number, number: number) {
  const facts: string[] = []
  const wrong: string[] = []
  const random = seeded(seed + number * 7_919)
  const below = (limit: number) => Math.floor(random() * limit)
  const round: Round = {
    number,
    random,
    below,
    oneOf: (choices) => choices[below(choices.length)] as (typeof choices)[number],
    note: (fact) => facts.push(fact),
    fail: (what) => wrong.push(what),
  }
  return { round, facts, wrong }
}
