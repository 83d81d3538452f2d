// Says of an error everything that a test wants to know at once.
import * as assert from 'uvu/assert'
import { type ErrorCode, PythonError, SnakepitError } from '../../src/index.js'
import { reasonOf, rejection } from './rejection.js'

/** Checks that it is the library's error of the given code. */
export function isCoded(error: unknown, code: ErrorCode, message?: RegExp): asserts error is SnakepitError {
  assert.instance(error, SnakepitError, String(error))
  assert.is((error as SnakepitError).code, code, String(error))
  if (message) assert.match((error as SnakepitError).message, message)
}

/** The library's error that a promise rejects with, of the given code. */
export async function failsWith(
  promise: PromiseLike<unknown>,
  code: ErrorCode,
  message?: RegExp,
): Promise<SnakepitError> {
  const error = await rejection(promise, code)
  if (message) assert.match(error.message, message)
  return error
}

/** The Python exception that a promise rejects with. */
export async function raises(promise: PromiseLike<unknown>, pythonClass: string): Promise<PythonError> {
  const error = await reasonOf(promise)
  assert.instance(error, PythonError, String(error))
  assert.ok((error as PythonError).is(pythonClass), `expected ${pythonClass}, got ${(error as PythonError).type}`)
  return error as PythonError
}
