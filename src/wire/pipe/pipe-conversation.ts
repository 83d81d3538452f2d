// What is said over a stream from the moment it is attached: batches out as the stream takes them, batches in as they
// are asked for.
import type { Duplex } from 'node:stream'
import { SnakepitError } from '../../errors/snakepit-error.js'
import type { Batch } from '../wire.js'
import type { FrameCodec } from './frame-codec.js'
import { MessageCutter } from './message-cutter.js'

/** Bytes of messages that nobody has asked for yet, beyond which the stream is not read on. */
const unreadBytes = 256 * 1024

type Step = IteratorResult<Batch, undefined>

interface Waiting {
  resolve(step: Step): void
  reject(error: SnakepitError): void
}

/** `idle` until the first step is asked for; `ended` when the stream has said all; `over` when there is nothing more to give. */
type State = 'idle' | 'open' | 'ended' | 'over'

/** One attachment. The iterator is written by hand: a step that has come costs one promise. */
export class PipeConversation implements AsyncIterableIterator<Batch, undefined> {
  readonly #name: string
  readonly #stream: Duplex
  readonly #codec: FrameCodec
  readonly #outgoing: AsyncIterable<Batch>
  readonly #signal: AbortSignal
  readonly #cutter = new MessageCutter()
  #state: State = 'idle'
  #failure: SnakepitError | undefined
  readonly #messages: Uint8Array[] = []
  #messageBytes = 0
  #isPaused = false
  readonly #waiting: Waiting[] = []
  #drained: (() => void) | undefined

  constructor(name: string, stream: Duplex, codec: FrameCodec, outgoing: AsyncIterable<Batch>, signal: AbortSignal) {
    this.#name = name
    this.#stream = stream
    this.#codec = codec
    this.#outgoing = outgoing
    this.#signal = signal
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Step> {
    if (this.#state === 'idle') this.#begin()
    try {
      const step = this.#step()
      if (step !== undefined) return Promise.resolve(step)
    } catch (error) {
      return Promise.reject(error)
    }
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  return(): Promise<Step> {
    this.close()
    return Promise.resolve(done)
  }

  /** Ends both directions at once: what has come and was not asked for is dropped. */
  readonly close = (): void => {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#failure = undefined
    this.#messages.length = 0
    this.#signal.removeEventListener('abort', this.close)
    this.#stream.off('data', this.#onData)
    this.#stream.destroy()
    this.#drained?.()
    for (const { resolve } of this.#waiting.splice(0)) resolve(done)
  }

  #begin(): void {
    if (this.#signal.aborted) return this.close()
    this.#state = 'open'
    this.#signal.addEventListener('abort', this.close)
    const stream = this.#stream
    stream.on('drain', () => this.#drained?.())
    stream.on('error', (error: NodeJS.ErrnoException) => this.#fail(broken(this.#name, inWords(error), error)))
    stream.on('end', () => this.#end())
    // Comes without an end where the stream was destroyed by somebody else.
    stream.on('close', () => this.#end())
    stream.on('data', this.#onData)
    // It may have been held back until somebody listens.
    stream.resume()
    if (stream.errored !== null) this.#fail(broken(this.#name, inWords(stream.errored), stream.errored))
    else if (stream.destroyed || stream.readableEnded) this.#end()
    void this.#send()
  }

  /** What can be given now: a batch, the failure, the end; undefined where the next one must be waited for. */
  #step(): Step | undefined {
    const message = this.#messages.shift()
    if (message !== undefined) {
      this.#messageBytes -= message.length
      if (this.#isPaused && this.#messageBytes < unreadBytes / 2) {
        this.#isPaused = false
        this.#stream.resume()
      }
      return { done: false, value: this.#decode(message) }
    }
    if (this.#state === 'open') return undefined
    const failure = this.#failure
    this.close()
    if (failure !== undefined) throw failure
    return done
  }

  #decode(message: Uint8Array): Batch {
    try {
      return this.#codec.decode(message)
    } catch (error) {
      this.close()
      throw error
    }
  }

  readonly #onData = (chunk: Buffer): void => {
    const before = this.#messages.length
    try {
      this.#cutter.push(chunk, this.#messages)
    } catch (error) {
      this.#fail(error as SnakepitError)
    }
    for (let index = before; index < this.#messages.length; index++) {
      this.#messageBytes += (this.#messages[index] as Uint8Array).length
    }
    this.#serve()
    if (this.#messageBytes > unreadBytes && !this.#isPaused) {
      this.#isPaused = true
      this.#stream.pause()
    }
  }

  /** Gives those who wait what there is. */
  #serve(): void {
    while (this.#waiting.length > 0 && (this.#messages.length > 0 || this.#state !== 'open')) {
      const waiting = this.#waiting.shift() as Waiting
      try {
        waiting.resolve(this.#step() as Step)
      } catch (error) {
        waiting.reject(error as SnakepitError)
      }
    }
  }

  #end(): void {
    if (this.#state !== 'open') return
    const { unfinished } = this.#cutter
    if (unfinished !== undefined) {
      return this.#fail(broken(this.#name, `it ended within a message, of which ${unfinished} had come`))
    }
    this.#state = 'ended'
    this.#drained?.()
    this.#serve()
  }

  /** Nothing more is sent or read. What had come before is given first. */
  #fail(failure: SnakepitError): void {
    if (this.#state !== 'open') return
    this.#state = 'ended'
    this.#failure = failure
    this.#stream.off('data', this.#onData)
    this.#stream.destroy()
    this.#drained?.()
    this.#serve()
  }

  async #send(): Promise<void> {
    try {
      for await (const batch of this.#outgoing) {
        if (this.#state !== 'open') return
        if (this.#write(this.#codec.encode(batch))) await this.#drain()
        if (this.#state !== 'open') return
      }
      this.#stream.end()
    } catch (error) {
      this.#fail(error instanceof SnakepitError ? error : broken(this.#name, String(error), error))
    }
  }

  /** True where the stream has taken more than the system would; false also where the system took all of it at once. */
  #write(pieces: readonly Uint8Array[]): boolean {
    const stream = this.#stream
    if (pieces.length === 1) stream.write(pieces[0])
    else {
      // Held back until all are there: they leave by one system call.
      stream.cork()
      for (const piece of pieces) stream.write(piece)
      stream.uncork()
    }
    return stream.writableNeedDrain && stream.writableLength > 0
  }

  async #drain(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#drained = resolve
    })
    this.#drained = undefined
  }
}

const done: Step = { done: true, value: undefined }

function broken(wire: string, reason: string, cause?: unknown): SnakepitError {
  return new SnakepitError('transport_failed', `the connection to the worker failed (${wire}): ${reason}`, {
    cause,
    mayHaveRun: true,
  })
}

function inWords({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EPIPE') return 'the worker has closed it (EPIPE)'
  if (code === 'ECONNRESET') return 'the worker closed it with something unread (ECONNRESET)'
  return message
}
