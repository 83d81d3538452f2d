// A proxy of bytes between host and worker, on a unix socket of its own, whose toxics can be switched at any time.
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { grpcWire } from '../../../src/wire/grpc/grpc-wire.js'
import type { Wire } from '../../../src/wire/wire.js'
import type { Connect } from '../../../src/worker/worker-settings.js'
import { temporaryFolder } from '../../support/temporary.js'
import type { Piece, Toxic, Way } from './toxics.js'

/** `up`: from the host to the worker; `down`: back. */
export type Direction = 'up' | 'down'

const folder = temporaryFolder()
let proxies = 0

/** Bytes that may wait in one direction before the sender is made to wait. */
const roomBytes = 1024 * 1024

/** Stands between whoever connects and one target. */
export class WireProxy {
  /** Where to connect. */
  readonly path = join(folder, `${proxies++}.sock`)
  /** What was counted going each way, before any harm. */
  readonly carried: Record<Direction, number> = { up: 0, down: 0 }
  readonly #toxics: Record<Direction, readonly Toxic[]> = { up: [], down: [] }
  readonly #server: Server
  readonly #pairs = new Set<Pair>()

  /** @param target path of the socket that connections are passed on to. Listens at once */
  constructor(readonly target: string) {
    this.#server = createServer({ allowHalfOpen: true }, (near) => this.#accept(near))
    this.#server.listen(this.path).unref()
  }

  /** The toxics of a direction from now on, in this order; none by default. */
  set(direction: Direction, ...toxics: readonly Toxic[]): void {
    this.#toxics[direction] = toxics
  }

  /** Destroys every connection. */
  reset(): void {
    for (const pair of [...this.#pairs]) pair.reset()
  }

  /** Ends one direction of every connection. */
  halfClose(direction: Direction): void {
    for (const pair of this.#pairs) pair.halfClose(direction)
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#pairs.size
  }

  /** Ends everything. */
  close(): void {
    this.#server.close()
    this.reset()
  }

  #accept(near: Socket): void {
    const far = connect({ path: this.target, allowHalfOpen: true })
    const pair = new Pair(near, far, () => this.#pairs.delete(pair))
    this.#pairs.add(pair)
    void this.#carry('up', pair)
    void this.#carry('down', pair)
  }

  /** Carries one direction of one connection to its end. */
  async #carry(direction: Direction, pair: Pair): Promise<void> {
    const from = direction === 'up' ? pair.near : pair.far
    const to = direction === 'up' ? pair.far : pair.near
    const way: Way = { reset: () => pair.reset(), halfClose: () => pair.halfClose(direction) }
    for await (const piece of arrivals(from)) {
      this.carried[direction] += piece.bytes.length
      for await (const { bytes } of through(piece, this.#toxics[direction], way)) {
        if (!to.writable) break
        await new Promise<void>((resolve) => to.write(bytes, () => resolve()))
      }
    }
    if (to.writable) to.end()
  }
}

/** The two sockets of one connection. */
class Pair {
  constructor(
    readonly near: Socket,
    readonly far: Socket,
    readonly forget: () => void,
  ) {
    for (const socket of [near, far]) {
      socket.unref()
      socket.on('error', () => undefined)
      socket.once('close', () => this.#closed())
    }
  }

  reset(): void {
    this.near.destroy()
    this.far.destroy()
  }

  halfClose(direction: Direction): void {
    const to = direction === 'up' ? this.far : this.near
    if (to.writable) to.end()
  }

  #closed(): void {
    // A socket that was destroyed on one side is no half-close: nobody is left to read.
    if (this.near.errored || this.far.errored) this.reset()
    if (this.near.destroyed && this.far.destroyed) this.forget()
  }
}

/** What arrives at a socket, with the time at which it did. A failed socket is an ended one. */
async function* arrivals(socket: Socket): AsyncGenerator<Piece> {
  const waiting: Piece[] = []
  let bytesWaiting = 0
  let isOver = false
  let wake = () => {}
  const end = () => {
    isOver = true
    wake()
  }
  socket.on('data', (bytes: Buffer) => {
    waiting.push({ bytes, at: performance.now() })
    bytesWaiting += bytes.length
    if (bytesWaiting > roomBytes) socket.pause()
    wake()
  })
  socket.once('end', end)
  socket.once('close', end)
  for (;;) {
    const piece = waiting.shift()
    if (piece !== undefined) {
      bytesWaiting -= piece.bytes.length
      if (bytesWaiting <= roomBytes) socket.resume()
      yield piece
    } else if (isOver) {
      return
    } else {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
}

/** A piece through one toxic after the other. */
async function* through(piece: Piece, toxics: readonly Toxic[], way: Way): AsyncGenerator<Piece> {
  const [first, ...others] = toxics
  if (first === undefined) return yield piece
  for await (const passed of first.pass(piece, way)) yield* through(passed, others, way)
}

/** Proxies in front of the workers of a Snakepit: one for each incarnation, in the order in which they were reached. */
export class ProxiedWorkers {
  readonly proxies: WireProxy[] = []

  /** @param prepare is told of each proxy before anything passes it */
  constructor(readonly prepare: (proxy: WireProxy, nth: number) => void = () => {}) {}

  /** To be given to `Snakepit.openWith`. */
  readonly connect: Connect = (address, token) => {
    const proxy = new WireProxy(address.replace(/^unix:\/\//, ''))
    this.proxies.push(proxy)
    this.prepare(proxy, this.proxies.length - 1)
    return new ProxiedWire(grpcWire(`unix://${proxy.path}`, token), proxy)
  }

  /** The proxy in front of the worker that listens at this address. */
  at(address: string | undefined): WireProxy {
    const found = this.proxies.find(({ target }) => `unix://${target}` === address)
    if (found === undefined) throw new Error(`nobody has connected to ${address}`)
    return found
  }
}

/** A wire whose proxy ends with it. */
class ProxiedWire implements Wire {
  readonly name: string
  readonly attach: Wire['attach']
  readonly probe: Wire['probe']
  readonly unref: Wire['unref']

  constructor(
    readonly wire: Wire,
    readonly proxy: WireProxy,
  ) {
    this.name = `${wire.name} (proxied)`
    this.attach = (outgoing, signal) => wire.attach(outgoing, signal)
    this.probe = (signal) => wire.probe(signal)
    this.unref = () => wire.unref()
  }

  close(): void {
    this.wire.close()
    this.proxy.close()
  }
}
