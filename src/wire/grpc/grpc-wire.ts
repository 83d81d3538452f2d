// Frames over gRPC: one bidirectional stream on one channel to one worker.
import {
  type Channel,
  ChannelCredentials,
  type Client,
  ClientError,
  createChannel,
  createClient,
  Metadata,
} from 'nice-grpc'
import { SnakepitError } from '../../errors/snakepit-error.js'
import { WorkerServiceDefinition } from '../gen/snakepit/v1/worker.js'
import type { Batch, Wire } from '../wire.js'
import { channelOptions } from './channel-options.js'

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
  readonly #client: Client<typeof WorkerServiceDefinition>
  readonly #token: string

  constructor(address: string, token: string) {
    this.name = `grpc ${address}`
    this.#token = token
    this.#channel = createChannel(address, ChannelCredentials.createInsecure(), channelOptions)
    this.#client = createClient(WorkerServiceDefinition, this.#channel)
  }

  async *attach(outgoing: AsyncIterable<Batch>, signal: AbortSignal): AsyncGenerator<Batch> {
    try {
      yield* this.#client.attach(outgoing, { signal, metadata: Metadata({ [tokenKey]: this.#token }) })
    } catch (error) {
      if (!signal.aborted) throw transportError(this.name, error)
    }
  }

  close(): void {
    this.#channel.close()
  }
}

/** What gRPC says of a failed stream, in the library's words. */
function transportError(wire: string, error: unknown): SnakepitError {
  if (error instanceof SnakepitError) return error
  const reason = error instanceof ClientError ? error.details : String(error)
  const code = error instanceof ClientError && error.code === unauthenticated ? 'unauthenticated' : 'transport_failed'
  return new SnakepitError(code, `the connection to the worker failed (${wire}): ${reason}`, {
    cause: error,
    mayHaveRun: true,
  })
}

/** gRPC's status number for a wrong or missing token. */
const unauthenticated = 16
