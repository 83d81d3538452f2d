// What passes on its way to whoever reads a worker's output: clean lines, and not more of them than anybody can use.
import { time } from '../time/time.js'
import { redact, redactFields } from './redact.js'
import type { WorkerLog } from './worker-event.js'

/** What is done to the output of workers. */
export interface LogRules {
  /** Lines of one worker that pass within a second, `Infinity` for all; those above are counted. */
  readonly rate: number
  /** Whether what looks like a secret is blotted out. */
  readonly redact: boolean
}

/** The gate of one worker. */
export class LogGate {
  readonly #rules: LogRules
  readonly #pass: (log: WorkerLog) => void
  #second = 0
  #lines = 0
  #dropped = 0
  #last: WorkerLog | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(rules: LogRules, pass: (log: WorkerLog) => void) {
    this.#rules = rules
    this.#pass = pass
  }

  /** Passes a record on, or counts it. */
  take(log: WorkerLog): void {
    const second = Math.floor(time.now() / 1000)
    if (second !== this.#second) {
      this.flush()
      this.#second = second
      this.#lines = 0
    }
    if (this.#lines++ < this.#rules.rate) {
      this.#pass(this.#rules.redact ? redacted(log) : log)
      return
    }
    this.#dropped++
    this.#last = log
    this.#timer ??= time.setTimeout(() => this.flush(), 1000).unref()
  }

  /** Says how many were dropped since it was said last. */
  flush(): void {
    const [last, dropped] = [this.#last, this.#dropped]
    if (last === undefined) return
    time.clearTimeout(this.#timer)
    this.#timer = undefined
    this.#last = undefined
    this.#dropped = 0
    const message = `${dropped} lines were dropped: more than ${this.#rules.rate} came within a second (\`logs.rate\`)`
    this.#pass({ worker: last.worker, call: undefined, level: 'warning', source: 'snakepit', message, time: last.time })
  }
}

function redacted(log: WorkerLog): WorkerLog {
  const { message, fields, shown } = log
  return {
    ...log,
    message: redact(message),
    ...(fields !== undefined && { fields: redactFields(fields) }),
    ...(shown !== undefined && { shown: redact(shown) }),
  }
}
