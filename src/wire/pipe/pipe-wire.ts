// Frames over a duplex stream that a worker has inherited: one socket pair, nothing that others could connect to.
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { SnakepitError } from '../../errors/snakepit-error.js'
import type { Batch, Wire } from '../wire.js'
import type { FrameCodec } from './frame-codec.js'
import { PipeConversation } from './pipe-conversation.js'
import { answersSignals } from './process-state.js'

/**
 * The host's end of the stream to a worker.
 *
 * @param pid the worker's process, where it is known: without it, a suspended process cannot be told from a busy one
 */
export function pipeWire(stream: Duplex, codec: FrameCodec, pid?: number): Wire {
  return new PipeWire(stream, codec, pid)
}

class PipeWire implements Wire {
  readonly name: string
  readonly #stream: Duplex
  readonly #codec: FrameCodec
  readonly #pid: number | undefined
  #conversation: PipeConversation | undefined

  constructor(stream: Duplex, codec: FrameCodec, pid: number | undefined) {
    this.name = `pipe (${codec.name})`
    this.#stream = stream
    this.#codec = codec
    this.#pid = pid
    // A stream that breaks while nobody is attached must not end the program; whoever attaches is told.
    stream.on('error', () => undefined)
  }

  attach(outgoing: AsyncIterable<Batch>, signal: AbortSignal): AsyncIterable<Batch> {
    if (this.#conversation !== undefined) {
      throw new SnakepitError('transport_failed', `the wire has been attached before (${this.name})`)
    }
    this.#conversation = new PipeConversation(this.name, this.#stream, this.#codec, outgoing, signal)
    return this.#conversation
  }

  async probe(signal: AbortSignal): Promise<boolean> {
    // Nothing but Python reads the stream: that what was sent stays there says no more than that Python works.
    if (!isOpen(this.#stream)) return false
    if (this.#pid === undefined) return !signal.aborted
    return (await answersSignals(this.#pid, signal)) && isOpen(this.#stream)
  }

  unref(): void {
    // Sockets have it; other streams do not keep the program alive by themselves.
    ;(this.#stream as Partial<Socket>).unref?.()
  }

  close(): void {
    this.#conversation?.close()
    this.#stream.destroy()
  }
}

function isOpen(stream: Duplex): boolean {
  return !stream.destroyed && !stream.readableEnded
}
