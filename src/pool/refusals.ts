// Every sentence with which the pool says no.

import { shorten } from '../errors/expectation.js'
import { SnakepitError } from '../errors/snakepit-error.js'
import type { PoolRequest } from './request.js'

/** The queue is full. */
export function poolSaturated(request: PoolRequest, maxQueue: number): SnakepitError {
  return new SnakepitError(
    'pool_saturated',
    `${toolOf(request)} was refused: ${maxQueue} calls wait already (\`maxQueue\`)`,
    { details: { tool: request.tool, maxQueue } },
  )
}

/** No worker became free in the time the call was willing to wait. */
export function queueTimeout(request: PoolRequest, waited: number): SnakepitError {
  return new SnakepitError(
    'queue_timeout',
    `${toolOf(request)} waited ${Math.round(waited)} ms for a worker and gave up (\`queueTimeout\`); it was not run`,
    { details: { tool: request.tool, waitedMs: waited, queueTimeout: request.queueTimeout } },
  )
}

/** The deadline of the whole call passed before it had a worker. */
export function deadlinePassed(request: PoolRequest, waited: number): SnakepitError {
  return new SnakepitError(
    'timeout',
    `${toolOf(request)} ran out of time after ${Math.round(waited)} ms in the queue (\`timeout\`); it was not run`,
    { details: { tool: request.tool, waitedMs: waited, phase: 'queue' } },
  )
}

/** Its session keeps to one worker, which is busy. */
export function workerBusy(request: PoolRequest, worker: string): SnakepitError {
  return new SnakepitError(
    'worker_busy',
    `${toolOf(request)} was refused: worker ${worker} of session '${sessionOf(request)}' is busy (\`strict_fail_fast\`)`,
    { details: { tool: request.tool, session: request.session?.id, worker } },
  )
}

/** Its session keeps to one worker, which is gone or going. */
export function sessionWorkerUnavailable(request: PoolRequest, worker: string | undefined): SnakepitError {
  const what = worker === undefined ? 'the worker it was bound to is gone' : `its worker ${worker} takes no more calls`
  return new SnakepitError(
    'session_worker_unavailable',
    `${toolOf(request)} was refused: session '${sessionOf(request)}' lost its state, ${what}`,
    { details: { tool: request.tool, session: request.session?.id, worker } },
  )
}

/** There are as many sessions as there may be. */
export function sessionQuotaExceeded(request: PoolRequest, maxSessions: number): SnakepitError {
  return new SnakepitError(
    'session_quota_exceeded',
    `session '${sessionOf(request)}' was refused: ${maxSessions} sessions are open already (\`maxSessions\`)`,
    { details: { session: request.session?.id, maxSessions } },
  )
}

/** Its session was ended while it waited. */
export function sessionEnded(request: PoolRequest): SnakepitError {
  return new SnakepitError(
    'session_ended',
    `${toolOf(request)} was refused: session '${sessionOf(request)}' was ended while it waited`,
    { details: { tool: request.tool, session: request.session?.id } },
  )
}

/** The pool is closing or closed. */
export function poolClosed(pool: string, request?: PoolRequest): SnakepitError {
  const subject = request ? `${toolOf(request)} was refused: ` : ''
  return new SnakepitError('pool_closed', `${subject}pool '${pool}' is closed`, { details: { pool } })
}

/** Its workers died too often, or none could be started any more. */
export function poolFailed(pool: string, why: string, cause: SnakepitError): SnakepitError {
  return new SnakepitError('pool_failed', `pool '${pool}' gave up: ${why}; the last: ${cause.message}`, {
    details: { pool },
    cause,
  })
}

/** What a call hears from a pool that failed. */
export function refusedByFailedPool(request: PoolRequest, failure: SnakepitError): SnakepitError {
  return new SnakepitError('pool_failed', `${toolOf(request)} was refused: ${failure.message}`, {
    details: { ...failure.details, tool: request.tool },
    cause: failure,
  })
}

/** A worker's Observable ended without a word on how; the pool treats it as lost. */
export function workerVanished(worker: string, wasReady: boolean, cause: unknown): SnakepitError {
  return wasReady
    ? new SnakepitError('worker_crashed', `worker ${worker} ended without saying how`, { details: { worker }, cause })
    : new SnakepitError('worker_start_failed', `worker ${worker} ended before it was ready`, {
        details: { worker },
        cause,
      })
}

/** An option is not what it should be. */
export function badOption(message: string, option: string): SnakepitError {
  return new SnakepitError('invalid_option', message, { details: { option } })
}

function toolOf(request: PoolRequest): string {
  return `'${shorten(request.tool)}'`
}

function sessionOf(request: PoolRequest): string {
  return shorten(request.session?.id ?? '')
}
