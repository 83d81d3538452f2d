// What a question's run says: a line to read, and whether the target was met.

/** The answer to one question of the benchmark. */
export interface Answer {
  readonly question: string
  /** Figures of both sides, for people. */
  readonly figures: string
  /** The number that the target is about. */
  readonly result: string
  readonly target: string
  readonly met: boolean
}

/** A whole number with separators. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
