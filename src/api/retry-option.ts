// How idempotent calls are run again, as programs say it.
import { type ErrorCode, isErrorCode } from '../errors/codes.js'
import { describe } from '../errors/expectation.js'
import { unexpected } from '../errors/invalid-option.js'
import { atLeast, group, groupOrFalse, integer, limit, pause, share } from '../errors/option-readers.js'
import type { SnakepitError } from '../errors/snakepit-error.js'
import { losses, type RetryRules } from './retries.js'

/** How calls that are marked `idempotent` are run again when their worker is lost. Times are milliseconds. */
export interface RetryOptions {
  /** Runs of one call, the first included, an integer from 1 up. @default 3 */
  readonly attempts?: number | undefined
  /** Before the second run; doubles with each that follows. @default 100 */
  readonly backoff?: number | undefined
  /** Between two runs at most; `Infinity` for no limit. @default 5_000 */
  readonly maxBackoff?: number | undefined
  /** The share of the backoff that chance may take off it, 0 to 1. @default 0.5 */
  readonly jitter?: number | undefined
  /**
   * What all calls of the pool together may cost beyond their first runs: `share` of the calls, from 0 up, and
   * `perSecond` runs each second on top. @default { share: 0.2, perSecond: 10 }
   */
  readonly budget?: { readonly share?: number | undefined; readonly perSecond?: number | undefined } | undefined
  /**
   * The errors that are worth another run: codes, or a function that looks at the error.
   * @default ['worker_crashed', 'worker_unresponsive', 'worker_stopping', 'transport_failed']
   */
  readonly on?: readonly ErrorCode[] | ((error: SnakepitError) => boolean) | undefined
}

/** Reads the option. Throws `invalid_option`. */
export const readRetry = groupOrFalse<RetryRules>(
  {
    attempts: integer(1, 3),
    backoff: pause(100),
    maxBackoff: limit(5_000, 0),
    jitter: share(0.5),
    budget: group<RetryRules['budget']>({ share: atLeast(0, 0.2), perSecond: atLeast(0, 10) }),
    on: readOn,
  },
  'on',
)

function readOn(name: string, on: unknown): RetryRules['on'] {
  if (typeof on === 'function') return (error) => on(error) === true
  const codes = on ?? losses
  if (!Array.isArray(codes)) throw unexpected(name, 'a list of error codes or a function', on)
  const wrong = codes.find((code) => typeof code !== 'string' || !isErrorCode(code))
  if (wrong !== undefined) throw unexpected(name, `error codes, one of them is ${describe(wrong)}`, on)
  const known: ReadonlySet<string> = new Set(codes)
  return ({ code }) => known.has(code)
}
