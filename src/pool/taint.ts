// Which failures of a call leave a worker behind that is not to be trusted with another one.
import { PythonError } from '../errors/python-error.js'
import type { LossReason } from './departure.js'
import type { LeaseOutcome } from './request.js'

/** What a worker is tainted by. */
export type Taint = 'gpu' | 'out_of_memory' | 'stubborn_tool'

/**
 * What a call's end did to its worker; undefined for the rule, that an exception is an exception.
 *
 * A device that ran out of memory keeps its fragments, and after a fault inside a kernel every later call on that device
 * fails too. A `MemoryError` of Python's own does no such harm: what was allocated is free again.
 */
export function taintOf(outcome: LeaseOutcome): Taint | undefined {
  if (outcome.type !== 'error' || !(outcome.error instanceof PythonError)) return undefined
  for (let error: unknown = outcome.error; error instanceof PythonError; error = error.cause) {
    const said = `${error.type}: ${error.exception.message}`
    if (brokenDevice.test(said)) return 'gpu'
    if (error.failure === 'out_of_memory' && device.test(said)) return 'out_of_memory'
  }
  return undefined
}

/** Faults after which CUDA refuses every further call of the process. */
const brokenDevice =
  /device-side assert|illegal memory access|unspecified launch failure|misaligned address|uncorrectable ECC|CUDA error: an illegal instruction|hipErrorLaunchFailure|hipErrorIllegalAddress/

const device = /cuda|hip\b|rocm|\bmps\b|gpu|torch\.OutOfMemoryError|CUBLAS_STATUS_ALLOC_FAILED/i

/**
 * True when a call was lost because its worker crashed; false when the worker was stopped while the call ran.
 *
 * @param departure why the worker had to go, as far as the pool knows; a call often hears of the end first
 */
export function metCrash(outcome: LeaseOutcome, departure: LossReason | undefined): boolean {
  if (outcome.type !== 'lost') return false
  // One that never reached the worker was not there.
  if (outcome.error) return outcome.error.code !== 'worker_stopping' && outcome.error.mayHaveRun
  return departure === undefined || departure === 'crashed'
}
