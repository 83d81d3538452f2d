// Errors between the two languages: as frames, and as the classes of this library.
import { isErrorCode } from '../errors/codes.js'
import { describe } from '../errors/expectation.js'
import { PythonError, type PythonException, type PythonFailure } from '../errors/python-error.js'
import { SnakepitError } from '../errors/snakepit-error.js'
import type { Error as WireError, Exception as WireException } from '../wire/wire.js'

const failures: readonly string[] = ['shape', 'dtype', 'device', 'out_of_memory'] satisfies PythonFailure[]

/** Codes that say that the tool never began, unless the other side knows better: its tool may have raised one of them. */
const neverBegan: readonly string[] = [
  'tool_not_found',
  'invalid_parameter',
  'streaming_not_supported',
  'streaming_required',
  'worker_stopping',
]

/** What the other side reported, as the error that the program gets. */
export function errorFromWire({ code, message, exception, details, began }: WireError): SnakepitError {
  const known = isErrorCode(code) ? code : 'protocol_error'
  const text = known === code ? message : `the worker reported an unknown error '${code}': ${message}`
  const mayHaveRun = began || !neverBegan.includes(known)
  if (exception !== undefined) {
    const init = { details: { ...details }, code: known, mayHaveRun }
    return new PythonError(text, exceptionFromWire(exception), init)
  }
  return new SnakepitError(known, text, { details: { ...details }, mayHaveRun })
}

/** An error of this side, for the other one. */
export function errorToWire(error: SnakepitError): WireError {
  const details: Record<string, string> = {}
  for (const [key, value] of Object.entries(error.details)) details[key] = cut(textOf(value), longestDetail)
  return {
    code: error.code,
    message: cut(error.message, longestMessage),
    exception: undefined,
    details,
    began: error.mayHaveRun,
  }
}

// Texts travel in one frame, whose size has a limit.
const longestMessage = 65_536
const longestDetail = 4_096

function cut(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit)}…` : text
}

function textOf(value: unknown): string {
  try {
    return String(value)
  } catch {
    return describe(value)
  }
}

function exceptionFromWire(exception: WireException): PythonException {
  const { type, bases, message, notes, frames, traceback, cause, category, truncated, members } = exception
  return {
    type,
    bases,
    message,
    notes,
    frames,
    traceback,
    truncated,
    ...(cause && { cause: exceptionFromWire(cause) }),
    ...(members.length > 0 && { members: members.map(exceptionFromWire) }),
    ...(failures.includes(category) && { failure: category as PythonFailure }),
  }
}
