// Watches one worker for signs of life: from Python first, and where that is silent, from the transport beneath it.
import { time } from '../time/time.js'
import type { Liveliness } from './life-sign.js'

/** How closely a worker is watched. Times are milliseconds. */
export interface Heartbeat {
  /** How long a quiet worker may rest before it is asked for a sign of life. */
  readonly interval: number
  /** How long its transport may owe an answer before the worker counts as hung. */
  readonly timeout: number
}

/** Who is watched, and who is told. */
export interface Watched {
  /** Grows with everything that Python says. */
  heard(): number
  /** Asks Python for a sign of life. */
  ask(): void
  /** Asks the transport, past Python. True for an answer, false for a refusal; pending for as long as nothing comes. */
  probe(signal: AbortSignal): Promise<boolean>
  /** Its liveliness changed. After `hung` nothing more is told. */
  tell(condition: Exclude<Liveliness, 'gone'>): void
}

/** Milliseconds between two looks. Silence is counted in looks, so that time in which the host itself slept is not. */
export const lookEvery = 500

/** Looks without an answer of Python after which the transport is asked. */
const doubtAfter = 2

/**
 * Looks at one worker twice a second, for as long as it runs.
 *
 * Python that is silent while the transport answers is `busy`, for however long: nobody is replaced for working hard. A
 * look that comes late proves that the host was suspended or blocked: what came in meanwhile is still unread, so that
 * look counts nothing.
 */
export class LifeSigns {
  readonly #watched: Watched
  readonly #heartbeat: Heartbeat
  readonly #timer: NodeJS.Timeout
  #condition: Exclude<Liveliness, 'gone'> = 'responsive'
  #lookedAt = time.now()
  #heard: number
  /** Looks since Python said anything; `asked` tells whether it owes an answer. */
  #quiet = 0
  #asked = false
  #silence = 0
  #probe: { readonly control: AbortController; looks: number } | undefined
  #restFor = 0

  constructor(watched: Watched, heartbeat: Heartbeat) {
    this.#watched = watched
    this.#heartbeat = heartbeat
    this.#heard = watched.heard()
    this.#timer = time.setInterval(() => this.look(time.now()), lookEvery).unref()
  }

  /** Looks no more. */
  stop(): void {
    time.clearInterval(this.#timer)
    this.#probe?.control.abort()
    this.#probe = undefined
  }

  /** One look. */
  look(now: number): void {
    const slept = now - this.#lookedAt > 2 * lookEvery
    this.#lookedAt = now
    if (slept) return
    const heard = this.#watched.heard()
    if (heard !== this.#heard) {
      this.#heard = heard
      this.#answered()
    } else if (this.#asked) {
      this.#silent()
    } else if (++this.#quiet * lookEvery >= this.#heartbeat.interval) {
      this.#asked = true
      this.#watched.ask()
    }
  }

  #answered(): void {
    const late = this.#silence > 0 && this.#condition !== 'busy'
    this.#quiet = 0
    this.#silence = 0
    this.#asked = false
    this.#probe?.control.abort()
    this.#probe = undefined
    this.#restFor = 0
    this.#become(late ? 'late' : 'responsive')
  }

  #silent(): void {
    this.#silence++
    if (this.#probe !== undefined) {
      if (++this.#probe.looks * lookEvery >= this.#heartbeat.timeout) this.#hang()
    } else if (this.#silence >= doubtAfter && --this.#restFor <= 0) {
      this.#askTransport()
    }
  }

  #askTransport(): void {
    const control = new AbortController()
    const probe = { control, looks: 0 }
    this.#probe = probe
    const answer = (answered: boolean) => {
      // A refusal is no sign of life: the clock runs on until one comes, or the end of the process says more.
      if (this.#probe !== probe || !answered) return
      this.#probe = undefined
      this.#restFor = Math.ceil(this.#heartbeat.timeout / lookEvery)
      this.#become('busy')
    }
    this.#watched.probe(control.signal).then(answer, () => {
      // The host could not even ask: that says nothing about the worker.
      if (this.#probe === probe) this.#probe = undefined
    })
  }

  #hang(): void {
    this.stop()
    this.#become('hung')
  }

  #become(condition: Exclude<Liveliness, 'gone'>): void {
    if (condition === this.#condition) return
    this.#condition = condition
    this.#watched.tell(condition)
  }
}
