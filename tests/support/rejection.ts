// What a promise or a function failed with, as the error that was expected.
import * as assert from 'uvu/assert'
import type { ErrorCode } from '../../src/errors/codes.js'
import { SnakepitError } from '../../src/errors/snakepit-error.js'
import { within } from './within.js'

/** The error of the library that the promise rejects with. */
export async function rejection(promise: PromiseLike<unknown>, code?: ErrorCode): Promise<SnakepitError> {
  return expected(await reasonOf(promise), code)
}

/** Whatever the promise rejects with. */
export async function reasonOf(promise: PromiseLike<unknown>): Promise<unknown> {
  const [outcome] = await within(Promise.allSettled([promise]), 'the rejection')
  if (outcome?.status !== 'rejected') throw new Error(`expected a rejection, got ${JSON.stringify(outcome?.value)}`)
  return outcome.reason
}

/** The error of the library that the function throws. */
export function thrown(act: () => unknown, code?: ErrorCode): SnakepitError {
  try {
    act()
  } catch (error) {
    return expected(error, code)
  }
  throw new Error('expected it to throw')
}

function expected(error: unknown, code: ErrorCode | undefined): SnakepitError {
  if (!(error instanceof SnakepitError))
    throw new Error(`expected a SnakepitError, got ${String(error)}`, { cause: error })
  if (code !== undefined) assert.is(error.code, code, error.message)
  return error
}
