// Frames over gRPC: one bidirectional stream on one channel to one worker.
import type { Socket } from 'node:net'
import {
  type Channel,
  ChannelCredentials,
  type Client,
  ClientError,
  createChannel,
  createClient,
  Metadata,
  Status,
} from 'nice-grpc'
import type { ErrorCode } from '../../errors/codes.js'
import { SnakepitError } from '../../errors/snakepit-error.js'
import type { Batch, Wire } from '../wire.js'
import { channelOptions } from './channel-options.js'
import { withSockets } from './own-sockets.js'
import { probeServer } from './probe.js'
import { WorkerService } from './whole-messages.js'

/** The metadata key that carries the host's token. */
export const tokenKey = 'snakepit-token'

/**
 * The host's end of a worker's gRPC server.
 *
 * @param address `unix:///path` or `host:port`, as the worker reported it
 * @param token the host's token of this incarnation
 */
export function grpcWire(address: string, token: string): Wire {
  return new GrpcWire(address, token)
}

class GrpcWire implements Wire {
  readonly name: string
  readonly #channel: Channel
  readonly #client: Client<typeof WorkerService>
  readonly #token: string
  readonly #address: string
  readonly #sockets: Socket[] = []
  // Closing a channel leaves its streams alone until the next sign of life is due.
  readonly #closed = new AbortController()

  constructor(address: string, token: string) {
    this.name = `grpc ${address}`
    this.#token = token
    this.#address = address
    this.#channel = createChannel(address, ChannelCredentials.createInsecure(), channelOptions)
    this.#client = createClient(WorkerService, this.#channel)
  }

  async *attach(outgoing: AsyncIterable<Batch>, signal: AbortSignal): AsyncGenerator<Batch> {
    const leave = AbortSignal.any([signal, this.#closed.signal])
    try {
      const metadata = Metadata({ [tokenKey]: this.#token })
      yield* this.#socketsKept(this.#client.attach(outgoing, { signal: leave, metadata }))
    } catch (error) {
      if (!leave.aborted) throw transportError(this.name, error)
    }
  }

  /** The same batches; the connection that is made for the first of them is remembered. */
  async *#socketsKept(batches: AsyncIterable<Batch>): AsyncGenerator<Batch> {
    const iterator = batches[Symbol.asyncIterator]()
    try {
      const first = await withSockets(this.#sockets, () => iterator.next())
      for (let step = first; step.done !== true; step = await iterator.next()) yield step.value
    } finally {
      await iterator.return?.()
    }
  }

  probe(signal: AbortSignal): Promise<boolean> {
    return probeServer(this.#address, signal)
  }

  unref(): void {
    for (const socket of this.#sockets) socket.unref()
  }

  close(): void {
    this.#closed.abort()
    this.#channel.close()
  }
}

/** What gRPC says of a failed stream, in the library's words. */
function transportError(wire: string, error: unknown): SnakepitError {
  if (error instanceof SnakepitError) return error
  const reason = error instanceof ClientError ? error.details : String(error)
  const code = error instanceof ClientError ? codeOf(error) : 'transport_failed'
  return new SnakepitError(code, `the connection to the worker failed (${wire}): ${reason}`, {
    cause: error,
    mayHaveRun: true,
  })
}

function codeOf({ code, details }: ClientError): ErrorCode {
  if (code === Status.UNAUTHENTICATED) return 'unauthenticated'
  // A message that cannot be read is a broken rule, not a broken connection.
  const unreadable = code === Status.RESOURCE_EXHAUSTED || details.startsWith('Response message parsing error')
  return unreadable ? 'protocol_error' : 'transport_failed'
}
