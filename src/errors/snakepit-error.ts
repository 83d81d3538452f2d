// The one error class that everything thrown by the library is or extends.
import { type ErrorCategory, type ErrorCode, errorCategories } from './codes.js'

/** What an error is made from. */
export interface SnakepitErrorInit {
  /** Facts for programs: names, limits, values. Never secrets. */
  readonly details?: Readonly<Record<string, unknown>>
  /** The error underneath. */
  readonly cause?: unknown
  /** True when the tool may have begun to run. Default `false`. */
  readonly mayHaveRun?: boolean
}

/**
 * Everything this library throws, apart from the reasons of the program's own AbortSignals.
 *
 * @example
 * ```ts
 * try {
 *   await pit.execute('add', { a: 1 })
 * } catch (error) {
 *   if (error instanceof SnakepitError && error.code === 'invalid_parameter') console.error(error.message)
 * }
 * ```
 */
export class SnakepitError extends Error {
  override readonly name: string = 'SnakepitError'
  /** A stable name of what went wrong. */
  readonly code: ErrorCode
  /** Where it comes from. */
  readonly category: ErrorCategory
  /** Facts for programs. */
  readonly details: Readonly<Record<string, unknown>>
  /** False only when it is certain that the tool never began. */
  readonly mayHaveRun: boolean

  constructor(code: ErrorCode, message: string, init: SnakepitErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = code
    this.category = errorCategories[code]
    this.details = Object.freeze({ ...init.details })
    this.mayHaveRun = init.mayHaveRun ?? false
  }
}
