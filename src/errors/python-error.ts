// A Python exception as TypeScript holds it.
import type { ErrorCode } from './codes.js'
import { SnakepitError } from './snakepit-error.js'

/** One line of a Python traceback, outermost call first. */
export interface PythonFrame {
  readonly file: string
  /** Line number, from 1. */
  readonly line: number
  readonly function: string
  /** The line's text, where Python could read it. */
  readonly source: string
}

/** A kind of failure that is recognised across numpy, torch and Python itself. */
export type PythonFailure = 'shape' | 'dtype' | 'device' | 'out_of_memory'

/** What is known of a Python exception. */
export interface PythonException {
  /** Qualified class name: `ValueError`, `torch.cuda.OutOfMemoryError`. */
  readonly type: string
  /** The class and its bases, nearest first. */
  readonly bases: readonly string[]
  readonly message: string
  /** What `add_note` attached. */
  readonly notes: readonly string[]
  readonly frames: readonly PythonFrame[]
  /** The traceback as Python prints it. */
  readonly traceback: string
  /** The exception underneath. */
  readonly cause?: PythonException
  /** What an exception group holds (PEP 654); absent for other exceptions. */
  readonly members?: readonly PythonException[]
  /** Set where the failure is recognised. */
  readonly failure?: PythonFailure
  /** True when something was cut to its limit: a text, the frames, the causes, the members. */
  readonly truncated: boolean
}

/** What is known of a {@link PythonError} besides its exception. */
export interface PythonErrorInit {
  readonly details?: Readonly<Record<string, unknown>>
  /** Default `python_error`. */
  readonly code?: ErrorCode
  /** False when the exception came before the tool began. Default `true`. */
  readonly mayHaveRun?: boolean
}

/**
 * A tool raised. `message` is what a person wants to read first, `traceback` what Python printed,
 * `is('ValueError')` tells Python's own classes apart, bases included.
 *
 * @example
 * ```ts
 * if (error instanceof PythonError && error.is('FileNotFoundError')) retryLater()
 * ```
 */
export class PythonError extends SnakepitError {
  override readonly name = 'PythonError'
  readonly exception: PythonException

  constructor(
    message: string,
    exception: PythonException,
    { details = {}, code = 'python_error', mayHaveRun = true }: PythonErrorInit = {},
  ) {
    super(code, message, { details, cause: exception.cause && causeOf(exception.cause), mayHaveRun })
    this.exception = exception
  }

  /** Qualified class name of the exception: `ValueError`. */
  get type(): string {
    return this.exception.type
  }

  /** The traceback as Python prints it. */
  get traceback(): string {
    return this.exception.traceback
  }

  /** Calls of the traceback, outermost first. */
  get frames(): readonly PythonFrame[] {
    return this.exception.frames
  }

  /** What `add_note` attached to the exception. */
  get notes(): readonly string[] {
    return this.exception.notes
  }

  /** `shape`, `dtype`, `device` or `out_of_memory` where the failure is recognised. */
  get failure(): PythonFailure | undefined {
    return this.exception.failure
  }

  /** True when the exception is of the named Python class, with or without its module, or of one derived from it. */
  is(pythonClass: string): boolean {
    const { type, bases } = this.exception
    return [type, ...bases].some((name) => name === pythonClass || name.endsWith(`.${pythonClass}`))
  }
}

/** Python's `__cause__` chain becomes JavaScript's `cause` chain. */
function causeOf(exception: PythonException): PythonError {
  return new PythonError(`${exception.type}: ${exception.message}`, exception)
}
