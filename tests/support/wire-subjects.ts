// Every transport that the wire contract runs over: the host's end of it, and a far end that a test scripts.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CallContext, createServer, ServerError, Status } from 'nice-grpc'
import { WorkerServiceDefinition } from '../../src/wire/gen/snakepit/v1/worker.js'
import { grpcWire, tokenKey } from '../../src/wire/grpc/grpc-wire.js'
import { memoryWires } from '../../src/wire/memory.js'
import type { FrameCodec } from '../../src/wire/pipe/frame-codec.js'
import { jsonFrames } from '../../src/wire/pipe/json-frames.js'
import { msgpackFrames } from '../../src/wire/pipe/msgpack-frames.js'
import { pipeWire } from '../../src/wire/pipe/pipe-wire.js'
import type { Batch, Wire } from '../../src/wire/wire.js'
import { deferred } from './deferred.js'
import { socketPair } from './socket-pair.js'

/** What the far end does with what comes in; what it yields goes out. Its signal fires when the host is gone. */
export type FarEnd = (incoming: AsyncIterable<Batch>, signal: AbortSignal) => AsyncIterable<Batch>

/** A transport with somebody at its far end. */
export interface Connection {
  /** The host's end. */
  readonly wire: Wire
  /** Resolves when the far end has been left: with the error that it was left by, if there was one. */
  readonly left: Promise<unknown>
  /** Ends the transport at the far side, as a process that dies does. */
  kill(): Promise<void>
  close(): Promise<void>
}

/** A transport by name. */
export interface WireSubject {
  readonly name: string
  /** The name of its wires. */
  readonly label: RegExp
  connect(farEnd: FarEnd): Promise<Connection>
}

/** The token that the scripted gRPC servers expect. */
export const hostToken = 'a'.repeat(64)

const grpcLabel = /^grpc (unix:\/\/\/|127\.0\.0\.1:[1-9])/

/** Inside this process, on a unix socket, on a loopback port, and over a pair of sockets with both codecs. */
export const wireSubjects: readonly WireSubject[] = [
  { name: 'memory', label: /^memory/, connect: (farEnd) => connectEnds(memoryWires(), farEnd) },
  {
    name: 'gRPC on a unix socket',
    label: grpcLabel,
    connect: (farEnd) => inFolder((folder) => serve(`unix://${join(folder, 'w.sock')}`, farEnd)),
  },
  { name: 'gRPC on a loopback port', label: grpcLabel, connect: (farEnd) => serve('127.0.0.1:0', farEnd) },
  ...[msgpackFrames, jsonFrames].map((codec) => ({
    name: `pipe with ${codec.name}`,
    label: /^pipe \((msgpack|json)\)$/,
    connect: async (farEnd: FarEnd) => connectEnds(await pipeWires(codec), farEnd),
  })),
]

/** Both ends of a connection over a pair of sockets. */
export async function pipeWires(codec: FrameCodec = msgpackFrames): Promise<readonly [Wire, Wire]> {
  const [near, far] = await socketPair()
  return [pipeWire(near, codec), pipeWire(far, codec)]
}

async function connectEnds([near, far]: readonly [Wire, Wire], farEnd: FarEnd): Promise<Connection> {
  const gone = new AbortController()
  const outgoing = new Turned()
  const incoming = new Turned()
  // A server reads whether its handler does or not; the end of what it reads is the word that the host is gone.
  void relay(far.attach(outgoing, gone.signal), incoming).then(() => gone.abort())
  const left = relay(farEnd(incoming, gone.signal), outgoing)
  const end = async () => {
    gone.abort()
    near.close()
    far.close()
  }
  return { wire: near, left, kill: end, close: end }
}

/** Serves `Attach` at an address, with the far end behind it. */
export async function serve(address: string, farEnd: FarEnd, token = hostToken): Promise<Connection> {
  const left = deferred<unknown>()
  const server = createServer({ 'grpc.max_receive_message_length': 16 * 1024 * 1024 })
  server.add(WorkerServiceDefinition, {
    async *attach(incoming: AsyncIterable<Batch>, { metadata, signal }: CallContext) {
      if (metadata.get(tokenKey) !== token) throw new ServerError(Status.UNAUTHENTICATED, 'wrong token')
      try {
        yield* farEnd(incoming, signal)
        left.resolve(undefined)
      } catch (error) {
        left.resolve(error)
        throw error
      } finally {
        left.resolve(undefined)
      }
    },
  })
  const port = await server.listen(address)
  const wire = grpcWire(address.startsWith('unix:') ? address : `127.0.0.1:${port}`, token)
  return {
    wire,
    left: left.promise,
    kill: async () => server.forceShutdown(),
    close: async () => {
      wire.close()
      server.forceShutdown()
    },
  }
}

/** Puts what an iterable gives into an outbox, and ends it. */
async function relay(from: AsyncIterable<Batch>, to: Turned): Promise<unknown> {
  try {
    for await (const batch of from) to.push(batch)
    return undefined
  } catch (error) {
    return error
  } finally {
    to.end()
  }
}

async function inFolder(use: (folder: string) => Promise<Connection>): Promise<Connection> {
  const folder = mkdtempSync(join(tmpdir(), 'snakepit-wire-'))
  const connection = await use(folder)
  const close = async () => {
    await connection.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { ...connection, close }
}

/** Batches that a test pushes, as the AsyncIterable that a wire sends. */
export class Turned implements AsyncIterable<Batch> {
  readonly #waiting: Batch[] = []
  #ended = false
  #failure: { readonly error: unknown } | undefined
  #wake: (() => void) | undefined

  push(batch: Batch): void {
    this.#waiting.push(batch)
    this.#wake?.()
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  fail(error: unknown): void {
    this.#failure = { error }
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    for (;;) {
      const batch = this.#waiting.shift()
      if (batch !== undefined) yield batch
      else if (this.#failure !== undefined) throw this.#failure.error
      else if (this.#ended) return
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
    }
  }
}
