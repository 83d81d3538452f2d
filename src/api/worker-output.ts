// What the workers of all pools print and log, on its way to whoever wants it: observers, or the program's own output.
import { Observable, Subject } from 'rxjs'
import type { RosterNews } from '../pool/index.js'
import type { WorkerLog } from '../worker/worker-event.js'
import { type PrintTarget, printLog } from './print-log.js'

/** Lines of the start that are kept for the first observer, and the characters in them. */
const mostEarly = 1000
const mostEarlyCharacters = 1024 * 1024

/** Whether lines are printed: `auto` does while nobody else takes them. */
export type Print = PrintTarget | 'auto' | 'never'

/** Hears the workers from their very first line on. */
export class WorkerOutput {
  /** Every line as it comes; the first observer gets those before it too, up to a bound. */
  readonly logs$: Observable<WorkerLog>
  readonly #heard = new Subject<WorkerLog>()
  readonly #onLog: boolean
  #early: WorkerLog[] | undefined = []
  #earlyCharacters = 0
  #observers = 0
  /** Those that are not closed. */
  #pools = 0

  constructor(onLog: ((log: WorkerLog) => void) | undefined) {
    this.#onLog = onLog !== undefined
    this.logs$ = new Observable((subscriber) => {
      this.#observers++
      subscriber.add(() => this.#observers--)
      const early = this.#early ?? []
      this.#early = undefined
      for (const log of early) subscriber.next(log)
      return this.#heard.subscribe(subscriber)
    })
    if (onLog !== undefined) this.#heard.subscribe((log) => onLog(log))
  }

  /** Takes the output of one more pool, whose workers have not started yet. */
  hear(news$: Observable<RosterNews>, print: Print): void {
    this.#pools++
    news$.subscribe({
      next: (news) => {
        if (news.type === 'worker-event' && news.event.type === 'log') this.#take(news.event.log, print)
      },
      complete: () => {
        if (--this.#pools === 0) this.#heard.complete()
      },
    })
  }

  #take(log: WorkerLog, print: Print): void {
    if (print === 'auto' ? this.#observers === 0 && !this.#onLog : print !== 'never') {
      printLog(log, print === 'stderr' ? 'stderr' : 'same')
    }
    this.#keepEarly(log)
    this.#heard.next(log)
  }

  #keepEarly(log: WorkerLog): void {
    if (this.#early === undefined || this.#early.length >= mostEarly) return
    this.#earlyCharacters += log.message.length + (log.shown?.length ?? 0)
    if (this.#earlyCharacters <= mostEarlyCharacters) this.#early.push(log)
  }
}
