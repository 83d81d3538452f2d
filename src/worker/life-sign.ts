// What is known of a worker's liveliness between its start and its end.

/**
 * How lively a worker is.
 *
 * - `responsive`: Python answers.
 * - `late`: its answers come, but late.
 * - `busy`: Python does not get to answer, its transport does: something holds the interpreter lock. It works hard.
 * - `hung`: its transport does not answer either. It is of no use any more, and is replaced.
 * - `gone`: its process has ended or has hung up.
 */
export type Liveliness = 'responsive' | 'late' | 'busy' | 'hung' | 'gone'

/** A worker's liveliness changed. Told only on change; a worker that is ready is `responsive` until it says otherwise. */
export interface LifeSign {
  readonly type: 'condition'
  /** Name of its place. */
  readonly worker: string
  readonly condition: Liveliness
}
