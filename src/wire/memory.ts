// The in-memory twin of a transport: two ends in one process, with the same bytes in between.
import { SnakepitError } from '../errors/snakepit-error.js'
import { AttachRequest } from './gen/snakepit/v1/worker.js'
import type { Batch, Wire } from './wire.js'

/** Two ends of one connection inside this process. Batches are encoded and decoded as on any other wire. */
export function memoryWires(): readonly [Wire, Wire] {
  const there = new Pipe()
  const back = new Pipe()
  return [new MemoryWire('memory a', there, back), new MemoryWire('memory b', back, there)]
}

class MemoryWire implements Wire {
  readonly name: string
  readonly #out: Pipe
  readonly #in: Pipe

  constructor(name: string, out: Pipe, input: Pipe) {
    this.name = name
    this.#out = out
    this.#in = input
  }

  async *attach(outgoing: AsyncIterable<Batch>, signal: AbortSignal): AsyncGenerator<Batch> {
    const close = () => this.close()
    signal.addEventListener('abort', close)
    if (signal.aborted) close()
    let broken: SnakepitError | undefined
    this.#send(outgoing).catch((cause: unknown) => {
      broken = new SnakepitError('transport_failed', `the connection failed (${this.name}): ${String(cause)}`, {
        cause,
      })
      close()
    })
    try {
      for (;;) {
        const bytes = await this.#in.read()
        if (signal.aborted) return
        if (broken !== undefined) throw broken
        if (bytes === undefined) return
        yield AttachRequest.decode(bytes)
      }
    } finally {
      signal.removeEventListener('abort', close)
      close()
    }
  }

  async probe(): Promise<boolean> {
    // Both ends are here.
    return true
  }

  unref(): void {
    // Nothing here is known to the event loop.
  }

  close(): void {
    this.#out.end()
    this.#in.end()
  }

  async #send(outgoing: AsyncIterable<Batch>): Promise<void> {
    for await (const batch of outgoing) {
      if (!this.#out.write(AttachRequest.encode(batch).finish())) return
    }
    this.#out.end()
  }
}

/** One direction: messages in order, then the end. */
class Pipe {
  readonly #waiting: Uint8Array[] = []
  #ended = false
  #wake: (() => void) | undefined

  /** False when nobody listens any more. */
  write(bytes: Uint8Array): boolean {
    if (this.#ended) return false
    this.#waiting.push(bytes)
    this.#wake?.()
    return true
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.#waiting.length === 0) {
      if (this.#ended) return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#waiting.shift()
  }
}
