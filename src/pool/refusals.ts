// Every sentence with which the pool says no.
import { shorten } from '../errors/expectation.js'
import { SnakepitError } from '../errors/snakepit-error.js'
import type { LossReason } from './departure.js'
import type { PoolRequest } from './request.js'
import type { RestartRules } from './restart-policy.js'
import type { Loss, Session } from './session.js'

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

/** What a call of a session hears when its worker cannot take it. */
export function refusalOf(
  request: PoolRequest,
  code: 'worker_busy' | 'session_worker_unavailable',
  session: Session | undefined,
): SnakepitError {
  if (code === 'session_worker_unavailable') return sessionWorkerUnavailable(request, session?.loss)
  return workerBusy(request, typeof session?.home === 'object' ? session.home.handle.info.id : '')
}

/** Its session keeps to one worker, which is busy. */
function workerBusy(request: PoolRequest, worker: string): SnakepitError {
  return new SnakepitError(
    'worker_busy',
    `${toolOf(request)} was refused: worker ${worker} of session '${sessionOf(request)}' is busy (\`strict_fail_fast\`)`,
    { details: { tool: request.tool, session: request.session?.id, worker } },
  )
}

/** Its session keeps to one worker, which is gone or going. */
function sessionWorkerUnavailable(request: PoolRequest, loss: Loss | undefined): SnakepitError {
  const what = loss ? `its worker ${loss.worker} ${fates[loss.because]}` : 'the worker it was bound to is gone'
  return new SnakepitError(
    'session_worker_unavailable',
    `${toolOf(request)} was refused: session '${sessionOf(request)}' lost its state, ${what}`,
    { details: { tool: request.tool, session: request.session?.id, worker: loss?.worker, reason: loss?.because } },
  )
}

const fates: Readonly<Record<LossReason, string>> = {
  crashed: 'crashed',
  recycled: 'was recycled',
  tainted: 'is not to be trusted any more',
  scaled_down: 'was let go',
  closed: 'was stopped with its pool',
}

/** It was there when workers crashed, and is kept from those that are left. */
export function toolQuarantined(request: PoolRequest, crashes: number, left: number): SnakepitError {
  const { tool, poisonKey } = request
  const what = poisonKey === undefined ? toolOf(request) : `${toolOf(request)} with key '${shorten(poisonKey)}'`
  return new SnakepitError(
    'tool_quarantined',
    `${what} was refused: it was running when ${crashes} workers crashed (\`barrier\`); ${whenAgain(left)}`,
    { details: { tool, poisonKey, crashes, retryInMs: left } },
  )
}

/** Too many calls failed lately. `left` is unknown while the breaker tries a few calls. */
export function circuitOpen(request: PoolRequest, scope: 'pool' | 'tool', left: number | undefined): SnakepitError {
  const [what, option] = scope === 'tool' ? ['calls of it', 'toolBreaker'] : ['calls', 'breaker']
  const advice = left === undefined ? 'a few are being tried now' : `try again in ${seconds(left)}`
  return new SnakepitError(
    'circuit_open',
    `${toolOf(request)} was refused: too many ${what} failed (\`${option}\`); ${advice}`,
    { details: { tool: request.tool, scope, retryInMs: left } },
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

/** There will be no workers any more. */
export function poolFailed(pool: string, why: string, cause: SnakepitError): SnakepitError {
  return new SnakepitError('pool_failed', `pool '${pool}' gave up: ${why}; the last: ${cause.message}`, {
    details: { pool },
    cause,
  })
}

/** Its workers died too often. */
export function tooManyCrashes(
  { name, restart }: { readonly name: string; readonly restart: RestartRules },
  last: SnakepitError,
): SnakepitError {
  return poolFailed(name, `${restart.maxCrashes} crashes of its workers within ${restart.within} ms`, last)
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

function whenAgain(left: number): string {
  return left === Number.POSITIVE_INFINITY ? 'the pool forgets no crash' : `try again in ${seconds(left)}`
}

function seconds(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.ceil(milliseconds)} ms` : `${Math.ceil(milliseconds / 1000)} s`
}

function toolOf(request: PoolRequest): string {
  return `'${shorten(request.tool)}'`
}

function sessionOf(request: PoolRequest): string {
  return shorten(request.session?.id ?? '')
}
