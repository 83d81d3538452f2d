// What is done to the output of workers, as programs say it.
import { flag, group, integerOrNever } from '../errors/option-readers.js'
import type { LogRules } from '../worker/log-gate.js'

/** What is done to what workers print and log, before anybody reads it. */
export interface LogsOptions {
  /**
   * Lines of one worker that pass within a second, an integer from 1 up or `Infinity`; those above are counted, and the
   * count is told in a line of its own. @default 1000
   */
  readonly rate?: number | undefined
  /**
   * Whether what looks like a secret is blotted out: credentials in URLs and headers, values of names like `password` and
   * `api_key`, keys of well-known services. Best effort: what has another shape passes. @default true
   */
  readonly redact?: boolean | undefined
}

/** Reads the option. Throws `invalid_option`. */
export const readLogs = group<LogRules>({ rate: integerOrNever(1, 1000), redact: flag(true) })
