// Lines of output as log events, whichever way they came.
import { time } from '../time/time.js'
import { type Log, LogLevel } from '../wire/wire.js'
import { readable } from './lines.js'
import type { WorkerLog } from './worker-event.js'

const levels: Readonly<Record<LogLevel, WorkerLog['level']>> = {
  [LogLevel.UNSPECIFIED]: 'info',
  [LogLevel.DEBUG]: 'debug',
  [LogLevel.INFO]: 'info',
  [LogLevel.WARNING]: 'warning',
  [LogLevel.ERROR]: 'error',
  [LogLevel.CRITICAL]: 'critical',
}

/** A line that Python's print or logging sent by the wire. */
export function logFromWire(worker: string, { call, level, source, message, timeMs }: Log): WorkerLog {
  return {
    worker,
    call: call === 0 ? undefined : call,
    level: levels[level] ?? 'info',
    source: readable(source),
    message: message.split('\n').map(readable).join('\n'),
    time: timeMs,
  }
}

/** A line that came out of the process itself: from C code, from a grandchild, or before there was a wire. */
export function logFromLine(worker: string, source: 'stdout' | 'stderr', message: string): WorkerLog {
  return {
    worker,
    call: undefined,
    level: source === 'stderr' ? 'warning' : 'info',
    source,
    message,
    time: time.wallNow(),
  }
}
