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
export function logFromWire(worker: string, { call, level, source, message, timeMs, fields, shown }: Log): WorkerLog {
  return {
    worker,
    call: call === 0 ? undefined : call,
    level: levels[level] ?? 'info',
    source: readable(source),
    message: readableLines(message),
    time: timeMs,
    ...(fields !== '' && { fields: fieldsFrom(fields) }),
    ...(shown !== undefined && { shown: readableLines(shown.replace(/\n$/, '')) }),
  }
}

function readableLines(text: string): string {
  return text.includes('\n') ? text.split('\n').map(readable).join('\n') : readable(text)
}

function fieldsFrom(json: string): WorkerLog['fields'] {
  try {
    const fields: unknown = JSON.parse(json)
    return typeof fields === 'object' && fields !== null && !Array.isArray(fields) ? { ...fields } : undefined
  } catch {
    return undefined
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
