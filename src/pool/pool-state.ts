// How a pool is, in one word and a few numbers.
import type { SnakepitError } from '../errors/snakepit-error.js'

/** The state of a pool, as it is shown to programs. */
export type PoolState =
  /** No worker has been ready yet. Calls wait. */
  | { readonly type: 'starting'; readonly ready: 0; readonly size: number }
  /** It takes calls. `ready` may be 0 while lost workers are replaced; `givenUp` places stay empty. */
  | { readonly type: 'running'; readonly ready: number; readonly size: number; readonly givenUp: number }
  /** Its workers crash or do not start; all calls are refused with this error. */
  | { readonly type: 'failed'; readonly error: SnakepitError }
  /** Newcomers are refused, accepted calls finish, then the workers stop. */
  | { readonly type: 'closing' }
  | { readonly type: 'closed' }

/** True when two states say the same. */
export function sameState(one: PoolState, other: PoolState): boolean {
  if (one.type === 'running' && other.type === 'running') {
    return one.ready === other.ready && one.givenUp === other.givenUp
  }
  return one.type === other.type
}
