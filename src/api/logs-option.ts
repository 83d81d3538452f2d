// What is done to the output of workers, as programs say it.
import { unexpected } from '../errors/invalid-option.js'
import { flag, group, integerOrNever, type Reader } from '../errors/option-readers.js'
import type { LogRules } from '../worker/log-gate.js'
import type { Print } from './worker-output.js'

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
  /**
   * Whether lines are printed on the program's own output, each with the worker's name before it: what Python wrote to
   * stdout on `process.stdout`, the rest on `process.stderr`. `true` always does, `false` never, `'stderr'` always and all
   * on `process.stderr`: for programs whose own stdout is read by others. Default: while nobody else takes them, that is
   * without `onLog` and while nobody is subscribed to `logs$`.
   */
  readonly print?: boolean | 'stderr' | undefined
}

/** {@link LogsOptions}, complete. */
export interface LogsSettings extends LogRules {
  readonly print: Print
}

const print: Reader<Print> = (name, value) => {
  switch (value) {
    case undefined:
      return 'auto'
    case true:
      return 'same'
    case false:
      return 'never'
    case 'stderr':
      return 'stderr'
    default:
      throw unexpected(name, "true, false or 'stderr'", value)
  }
}

/** Reads the option. Throws `invalid_option`. */
export const readLogs = group<LogsSettings>({ rate: integerOrNever(1, 1000), redact: flag(true), print })
