// How a pool is, in one word and a few numbers.
import type { SnakepitError } from '../errors/snakepit-error.js'

/** The state of a pool, as it is shown to programs. */
export type PoolState =
  /** No worker has been ready yet. Calls wait. */
  | { readonly type: 'starting'; readonly ready: 0; readonly size: number }
  /**
   * It takes calls. `ready` may be 0 while lost workers are replaced; `givenUp` places stay empty. `size` is how many
   * workers it means to have now, between `minSize` and `maxSize`.
   */
  | { readonly type: 'running'; readonly ready: number; readonly size: number; readonly givenUp: number }
  /** Its workers crash or do not start; all calls are refused with this error. */
  | { readonly type: 'failed'; readonly error: SnakepitError }
  /** Newcomers are refused, accepted calls finish, then the workers stop. */
  | { readonly type: 'closing' }
  | { readonly type: 'closed' }

/** How far a pool's life has come. */
export type PoolPhase = 'new' | 'open' | 'closing' | 'closed'

/** What a pool's state is made from. */
interface Staff {
  readonly size: number
  readonly hasBeenReady: boolean
  count(type: 'ready' | 'given-up'): number
}

/** The state that a pool shows. */
export function stateOf(phase: PoolPhase, failure: SnakepitError | undefined, staff: Staff): PoolState {
  if (phase === 'closing' || phase === 'closed') return { type: phase }
  if (failure) return { type: 'failed', error: failure }
  const { size } = staff
  if (!staff.hasBeenReady) return { type: 'starting', ready: 0, size }
  return { type: 'running', ready: staff.count('ready'), size, givenUp: staff.count('given-up') }
}

/** True when two states say the same. */
export function sameState(one: PoolState, other: PoolState): boolean {
  if (one.type === 'running' && other.type === 'running') {
    return one.ready === other.ready && one.size === other.size && one.givenUp === other.givenUp
  }
  return one.type === other.type
}
