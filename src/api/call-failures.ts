// The sentences for calls that ran out of time or lost their worker's patience.
import { SnakepitError } from '../errors/snakepit-error.js'

/** The deadline of the whole call passed. */
export function timedOut(tool: string, timeout: number, phase: 'queued' | 'running'): SnakepitError {
  const where = phase === 'queued' ? ', all of it waiting for a free worker' : ''
  return new SnakepitError('timeout', `tool '${tool}' did not end within ${timeout} ms${where}`, {
    details: { tool, timeout },
    mayHaveRun: phase === 'running',
  })
}

/** Nothing came for too long. */
export function idle(tool: string, idleTimeout: number): SnakepitError {
  return new SnakepitError('idle_timeout', `tool '${tool}' gave no chunk and no progress for ${idleTimeout} ms`, {
    details: { tool, idleTimeout },
    mayHaveRun: true,
  })
}

/** The worker ended the call without being asked to. */
export function leftByWorker(tool: string): SnakepitError {
  return new SnakepitError('worker_stopping', `the worker left tool '${tool}' because it is stopping`, {
    details: { tool },
    mayHaveRun: true,
  })
}
