// The sentences for calls that ran out of time or lost their worker's patience.
import { SnakepitError } from '../errors/snakepit-error.js'

/** The deadline of the whole call passed. */
export function timedOut(tool: string, timeout: number, phase: 'queued' | 'running'): SnakepitError {
  const where = phase === 'queued' ? ', all of it waiting for a free worker' : ''
  return new SnakepitError(
    'timeout',
    `tool '${tool}' did not end within ${timeout} ms (\`timeout\`, for the whole call)${where}`,
    {
      details: { tool, timeout },
      mayHaveRun: phase === 'running',
    },
  )
}

/** A stream in which nothing moved for too long, and who kept the others waiting. */
export function stoodStill(tool: string, limit: number, waitsFor: 'worker' | 'tool' | 'reader'): SnakepitError {
  const why = {
    worker: 'it waited for a free worker',
    tool: 'its tool gave no chunk and no progress',
    reader: 'its reader took none of the chunks that wait',
  }[waitsFor]
  return new SnakepitError(
    'timeout',
    `the stream of tool '${tool}' stood still for ${limit} ms (\`streamTimeout\`): ${why}`,
    {
      details: { tool, streamTimeout: limit, waitsFor },
      mayHaveRun: waitsFor !== 'worker',
    },
  )
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
