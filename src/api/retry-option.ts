// How idempotent calls are run again, as programs say it.
import { type ErrorCode, isErrorCode } from '../errors/codes.js'
import { describe } from '../errors/expectation.js'
import { longestDelay, refuseUnknown, unexpected, wholeNumber } from '../errors/invalid-option.js'
import type { SnakepitError } from '../errors/snakepit-error.js'
import { type RetryRules, worthAnother } from './retries.js'

/** How calls that are marked `idempotent` are run again when their worker is lost. Times are milliseconds. */
export interface RetryOptions {
  /** Runs of one call, the first included, an integer from 1 up. @default 3 */
  readonly attempts?: number | undefined
  /** Before the second run; doubles with each that follows. @default 100 */
  readonly backoff?: number | undefined
  /** Between two runs at most. @default 5_000 */
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

const names: readonly string[] = [
  'attempts',
  'backoff',
  'maxBackoff',
  'jitter',
  'budget',
  'on',
] satisfies (keyof RetryOptions)[]

/** Reads the option. Throws `invalid_option`. */
export function resolveRetry(retry: unknown): RetryRules | false {
  if (retry === false) return false
  if (retry !== undefined && (typeof retry !== 'object' || retry === null)) {
    throw unexpected('retry', 'an object or false', retry)
  }
  const options: RetryOptions = retry ?? {}
  refuseUnknown(options, names, '`retry`')
  const { attempts = 3, backoff = 100, maxBackoff = 5_000, jitter = 0.5, budget = {} } = options
  if (typeof budget !== 'object' || budget === null) throw unexpected('retry.budget', 'an object', budget)
  refuseUnknown(budget, ['share', 'perSecond'], '`retry.budget`')
  return Object.freeze({
    attempts: wholeNumber('retry.attempts', attempts, 1),
    backoff: number('retry.backoff', backoff, longestDelay),
    maxBackoff: number('retry.maxBackoff', maxBackoff, longestDelay),
    jitter: number('retry.jitter', jitter, 1),
    share: number('retry.budget.share', budget.share ?? 0.2),
    perSecond: number('retry.budget.perSecond', budget.perSecond ?? 10),
    on: resolveOn(options.on),
  })
}

function resolveOn(on: unknown): RetryRules['on'] {
  if (typeof on === 'function') return (error) => on(error) === true
  const codes = on ?? worthAnother
  if (!Array.isArray(codes)) throw unexpected('retry.on', 'a list of error codes or a function', on)
  const wrong = codes.find((code) => typeof code !== 'string' || !isErrorCode(code))
  if (wrong !== undefined) throw unexpected('retry.on', `error codes, one of them is ${describe(wrong)}`, on)
  const known: ReadonlySet<string> = new Set(codes)
  return ({ code }) => known.has(code)
}

function number(name: string, value: unknown, most = Number.MAX_SAFE_INTEGER): number {
  if (typeof value === 'number' && value >= 0 && value <= most) return value
  const bounds = most === Number.MAX_SAFE_INTEGER ? 'from 0 up' : `from 0 to ${most}`
  throw unexpected(name, `a number ${bounds}`, value)
}
