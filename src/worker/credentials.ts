// Who a worker is: names and tokens that nobody can guess, new for every start.
import { randomBytes } from 'node:crypto'

/** The names and tokens of one start of one worker. They travel by pipe, never in argv or the environment. */
export interface Credentials {
  /** Tells this start of the worker from every other. */
  readonly incarnation: string
  /** What the host shows to the worker: 256 bits in hex. */
  readonly hostToken: string
  /** What the worker shows to the host: 256 bits in hex. */
  readonly workerToken: string
}

/** New names and tokens. */
export function newCredentials(): Credentials {
  return {
    incarnation: randomBytes(8).toString('hex'),
    hostToken: randomBytes(32).toString('hex'),
    workerToken: randomBytes(32).toString('hex'),
  }
}
