// What the calls of a worker that is gone are ended with.
import { SnakepitError } from '../errors/snakepit-error.js'
import { crashClassOf } from './crash-class.js'
import { output } from './start-failure.js'
import type { WorkerExit } from './worker-event.js'

/** A worker was stopped by order of the host. */
export function stopped(worker: string): SnakepitError {
  return new SnakepitError('worker_stopping', `worker '${worker}' was stopped while the call ran`, {
    details: { worker },
    mayHaveRun: true,
  })
}

/** A worker's process ended by itself. `broken` is what the wire said of it, if that came first. */
export function crashed(worker: string, exit: WorkerExit, broken: SnakepitError | undefined): SnakepitError {
  const { code: exitCode, signal, pid, lastLines } = exit
  const how = signal === undefined ? `ended with exit code ${exitCode}` : `was killed by ${signal}`
  return new SnakepitError('worker_crashed', `worker '${worker}' ${how}${output(lastLines)}`, {
    details: { worker, pid, exitCode, signal, crashClass: crashClassOf(exit), lastLines },
    cause: broken,
    mayHaveRun: true,
  })
}

/** A worker's transport gave no sign of life any more. */
export function unresponsive(worker: string): SnakepitError {
  return new SnakepitError(
    'worker_unresponsive',
    `worker '${worker}' gave no sign of life (\`heartbeat\`) and was stopped: its process was suspended or wedged`,
    { details: { worker }, mayHaveRun: true },
  )
}

/** A worker was found dead before the call was sent to it. */
export function notReached(worker: string): SnakepitError {
  return new SnakepitError('transport_failed', `worker '${worker}' was gone before the call could be sent to it`, {
    details: { worker },
  })
}

/** A worker hung up and lived on. */
export function wireClosed(worker: string, cause?: unknown): SnakepitError {
  return new SnakepitError('transport_failed', `worker '${worker}' closed its connection`, {
    details: { worker },
    cause,
    mayHaveRun: true,
  })
}
