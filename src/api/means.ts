// What the library reaches out to: the wire to a worker, time and chance. Tests bring their own.
import type { Clock } from '../pool/index.js'
import type { Connect } from '../worker/worker-settings.js'

/** What may be replaced beneath a Snakepit; whatever is left out is the real thing. */
export interface Means {
  /** Reaches a worker that listens. */
  readonly connect?: Connect
  /** The pool's sense of time. */
  readonly clock?: Clock
  /** A number from 0 up to 1. */
  readonly random?: () => number
}
