// What is known of a worker's liveliness between its start and its end.

/**
 * How lively a worker is.
 *
 * - `responsive`: Python answers.
 * - `busy`: the process lives, Python does not get to answer: something holds its interpreter lock. It works hard.
 * - `late`: its answers come, but late.
 * - `hung`: its transport does not answer either. It is of no use any more.
 */
export type Liveliness = 'responsive' | 'busy' | 'late' | 'hung'

/** A worker's liveliness changed. Told only on change; a worker that is ready is `responsive` until it says otherwise. */
export interface LifeSign {
  readonly type: 'condition'
  /** Name of its place. */
  readonly worker: string
  readonly condition: Liveliness
}
