// What workers print, on the program's own output: each line with the worker's name before it.

import { time } from '../time/time.js'
import type { WorkerLog } from '../worker/worker-event.js'

/** Where lines go: each to the output that Python wrote it to, or all to stderr. */
export type PrintTarget = 'same' | 'stderr'

/** Characters that may wait in a stream whose reader is slow; lines above are left out. */
const mostWaiting = 1024 * 1024

/** Prints what Python would have shown on a terminal. Never throws; a reader that went away, or is slow, harms nobody. */
export function printLog(log: WorkerLog, target: PrintTarget): void {
  // A record that no handler of the program's wrote to a terminal.
  if (log.shown === '') return
  const text = (log.shown ?? log.message).replace(/^/gm, `[${log.worker}] `)
  const own = log.source === 'stdout' && target === 'same' ? 'stdout' : 'stderr'
  outputs[own] ??= new Printer(process[own])
  outputs[own].print(`${text}\n`)
}

const outputs: { stdout?: Printer; stderr?: Printer } = {}

/** One output. A failure to write ends the printing, and not the program that has no listener for it. */
class Printer {
  readonly #stream: NodeJS.WriteStream
  #pending = 0
  #broken = false

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
  }

  print(text: string): void {
    if (this.#broken || this.#stream.writableLength > mostWaiting) return
    // Only while a line of ours is on its way: what the program writes itself fails as ever.
    if (this.#pending++ === 0) this.#stream.on('error', ignore)
    this.#stream.write(text, (error) => {
      this.#broken ||= error != null
      // The event comes after this.
      time.setImmediate(() => {
        if (--this.#pending === 0) this.#stream.off('error', ignore)
      })
    })
  }
}

function ignore(): void {}
