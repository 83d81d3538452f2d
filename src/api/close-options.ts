// How to close, checked.
import { refuseUnknown, timeLimit, unexpected } from '../errors/invalid-option.js'

/** How to close. */
export interface CloseOptions {
  /** Milliseconds that accepted calls get to finish; `Infinity` allowed. Default: the option `drain`, 10_000. */
  readonly drain?: number
}

/** Checks the options of `close`. Throws `invalid_option`: nothing has been closed then. */
export function checkCloseOptions(options: CloseOptions): void {
  if (typeof options !== 'object' || options === null) throw unexpected('options', 'an object', options)
  refuseUnknown(options, ['drain'], 'close()')
  checkDrain('drain', options.drain)
}

/** Checks how long accepted calls get to finish. Throws `invalid_option`. */
export function checkDrain(name: string, limit: unknown): void {
  if (limit !== undefined) timeLimit(name, limit, 0)
}
