// What may happen to bytes on their way: each toxic is one kind of harm, and several may be put one behind the other.
import { setTimeout as pause } from 'node:timers/promises'

/** Some bytes on their way. */
export interface Piece {
  readonly bytes: Buffer
  /** When they arrived at the proxy, by `performance.now()`. */
  readonly at: number
}

/** The way that a toxic lies on, so that it can end it. */
export interface Way {
  /** Destroys the connection: both directions, whatever is under way. */
  reset(): void
  /** Says that nothing more comes in this direction; the other one stays open. */
  halfClose(): void
}

/** One kind of harm. It may keep a piece, change it, cut it, hold it back or lose it. */
export interface Toxic {
  pass(piece: Piece, way: Way): AsyncIterable<Piece> | Iterable<Piece>
}

/** Every piece arrives so much later; they overtake neither each other nor the clock. */
export class Latency implements Toxic {
  /** @param jitter milliseconds that chance may add, by `random` */
  constructor(
    readonly ms: number,
    readonly jitter = 0,
    readonly random: () => number = () => 0,
  ) {}

  async *pass(piece: Piece): AsyncGenerator<Piece> {
    const due = piece.at + this.ms + this.jitter * this.random()
    await pause(Math.max(0, due - performance.now()))
    yield piece
  }
}

/** So many bytes a second pass. */
export class Bandwidth implements Toxic {
  #free = 0

  constructor(readonly bytesPerSecond: number) {}

  async *pass(piece: Piece): AsyncGenerator<Piece> {
    const began = Math.max(this.#free, performance.now())
    this.#free = began + (piece.bytes.length / this.bytesPerSecond) * 1000
    await pause(this.#free - performance.now())
    yield piece
  }
}

/** Everything is swallowed, and nobody is told. */
export class Blackhole implements Toxic {
  *pass(): Generator<Piece> {
    // Nothing comes out.
  }
}

/** Writes of so many bytes each. */
export class Slicer implements Toxic {
  constructor(readonly size: number) {}

  *pass({ bytes, at }: Piece): Generator<Piece> {
    for (let from = 0; from < bytes.length; from += this.size)
      yield { bytes: bytes.subarray(from, from + this.size), at }
  }
}

/** So many bytes pass, counted over all connections; then the connection ends. */
export class ByteLimit implements Toxic {
  #left: number

  constructor(
    limit: number,
    readonly end: 'reset' | 'half-close' = 'reset',
  ) {
    this.#left = limit
  }

  *pass({ bytes, at }: Piece, way: Way): Generator<Piece> {
    const passing = bytes.subarray(0, this.#left)
    this.#left -= passing.length
    if (passing.length > 0) yield { bytes: passing, at }
    if (this.#left > 0) return
    if (this.end === 'reset') way.reset()
    else way.halfClose()
  }
}

/** Turns one bit in so many bytes, by chance. */
export class BitFlip implements Toxic {
  flipped = 0

  constructor(
    readonly oneIn: number,
    readonly random: () => number,
  ) {}

  *pass({ bytes, at }: Piece): Generator<Piece> {
    const copy = Buffer.from(bytes)
    for (let index = Math.floor(this.random() * this.oneIn); index < copy.length; index += this.#gap()) {
      copy[index] = (copy[index] as number) ^ (1 << Math.floor(this.random() * 8))
      this.flipped++
    }
    yield { bytes: copy, at }
  }

  #gap(): number {
    return 1 + Math.floor(this.random() * 2 * this.oneIn)
  }
}
