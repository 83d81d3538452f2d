// Two ends of a connection whose messages arrive when a scheduler says so; each direction keeps its order.
import { AttachRequest } from '../../src/wire/gen/snakepit/v1/worker.js'
import type { Batch, Wire } from '../../src/wire/wire.js'

/** Resolves when the scheduler has come to it; the label tells people what it was. */
export type Step = (label: string) => Promise<unknown>

/** A connection between a host and a worker. Until {@link hold} was called, what is sent is there at once. */
export class ScheduledWires {
  readonly #down: Lane
  readonly #up: Lane
  /** The host's end and the worker's. */
  readonly ends: readonly [Wire, Wire]

  /** @param depth messages that may be under way in one direction; while there are so many, the others wait in their outbox */
  constructor(depth = 1) {
    this.#down = new Lane('to the worker', depth)
    this.#up = new Lane('to the host', depth)
    this.ends = [new End(this.#down, this.#up), new End(this.#up, this.#down)]
  }

  /** From now on each arrival is a step. */
  hold(step: Step): void {
    this.#down.step = step
    this.#up.step = step
  }

  /** Breaks the connection. Of what is under way, so many messages still arrive; each side learns of the end in a step of its own. */
  cut(still: number): void {
    this.#down.cut(still)
    this.#up.cut(still)
  }

  /** From now on everything is there at once again; what was under way arrives too. */
  letGo(): void {
    this.#down.step = undefined
    this.#up.step = undefined
    this.#down.flush()
    this.#up.flush()
  }
}

class End implements Wire {
  readonly name = 'scheduled'
  readonly #out: Lane
  readonly #in: Lane

  constructor(out: Lane, input: Lane) {
    this.#out = out
    this.#in = input
  }

  async *attach(outgoing: AsyncIterable<Batch>, signal: AbortSignal): AsyncGenerator<Batch> {
    const close = () => this.close()
    signal.addEventListener('abort', close)
    void this.#send(outgoing)
    try {
      for (;;) {
        const bytes = await this.#in.read()
        if (bytes === undefined || signal.aborted) return
        yield AttachRequest.decode(bytes)
      }
    } finally {
      signal.removeEventListener('abort', close)
      close()
    }
  }

  async probe(): Promise<boolean> {
    return true
  }

  unref(): void {
    // Nothing here is known to the event loop.
  }

  close(): void {
    this.#out.cut(0)
    this.#in.cut(0)
  }

  async #send(outgoing: AsyncIterable<Batch>): Promise<void> {
    for await (const batch of outgoing) {
      await this.#out.roomy()
      if (!this.#out.send(AttachRequest.encode(batch).finish())) return
    }
    this.#out.end()
  }
}

/** One direction. */
class Lane {
  readonly #label: string
  readonly #depth: number
  readonly #underWay: Uint8Array[] = []
  readonly #arrived: Uint8Array[] = []
  #isEnded = false
  #isOver = false
  #isMoving = false
  #wakeReader: (() => void) | undefined
  #wakeSender: (() => void) | undefined
  step: Step | undefined

  constructor(label: string, depth: number) {
    this.#label = label
    this.#depth = depth
  }

  /** Resolves when one more message may be under way. */
  async roomy(): Promise<void> {
    if (this.#underWay.length < this.#depth || this.#isEnded) return
    await new Promise<void>((resolve) => {
      this.#wakeSender = resolve
    })
  }

  /** False when nobody listens any more. */
  send(bytes: Uint8Array): boolean {
    if (this.#isEnded) return false
    this.#underWay.push(bytes)
    void this.#move()
    return true
  }

  /** Nothing follows what is under way. */
  end(): void {
    this.#isEnded = true
    this.#wakeSender?.()
    void this.#move()
  }

  cut(still: number): void {
    if (this.#isEnded) return
    this.#underWay.length = Math.min(this.#underWay.length, still)
    this.end()
  }

  /** Everything that is under way arrives. */
  flush(): void {
    while (this.#underWay.length > 0 || (this.#isEnded && !this.#isOver)) this.#arrive()
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.#arrived.length === 0) {
      if (this.#isOver) return undefined
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve
      })
    }
    return this.#arrived.shift()
  }

  async #move(): Promise<void> {
    if (this.step === undefined) return this.flush()
    if (this.#isMoving) return
    this.#isMoving = true
    while (this.#underWay.length > 0 || (this.#isEnded && !this.#isOver)) {
      await this.step?.(this.#label)
      this.#arrive()
    }
    this.#isMoving = false
  }

  #arrive(): void {
    const bytes = this.#underWay.shift()
    if (bytes !== undefined) this.#arrived.push(bytes)
    else this.#isOver ||= this.#isEnded
    this.#wakeReader?.()
    this.#wakeSender?.()
  }
}
