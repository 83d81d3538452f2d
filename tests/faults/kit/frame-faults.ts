// A wire whose frames go wrong: said twice, lost, out of their order, or with something else in them.

import { grpcWire } from '../../../src/wire/grpc/grpc-wire.js'
import type { Batch, Frame, FrameKind, Wire } from '../../../src/wire/wire.js'
import type { Connect } from '../../../src/worker/worker-settings.js'

/** Kinds of frames by their names. */
export type KindName = FrameKind['$case']

/** One thing that goes wrong: what becomes of a frame. It is asked about each frame in order. */
export type FrameFault = (frame: Frame) => readonly Frame[]

/** Which frames are meant. */
export type Choice = (frame: Frame) => boolean

/** The frames of a kind: the nth of them from now on (from 0), or all. */
export function frames(kind: KindName, nth?: number): Choice {
  let seen = 0
  return (frame) => frame.kind?.$case === kind && (nth === undefined || seen++ === nth)
}

/** One frame of a kind in so many, by chance. */
export function some(kinds: readonly KindName[], oneIn: number, random: () => number): Choice {
  return ({ kind }) => kind !== undefined && kinds.includes(kind.$case) && random() * oneIn < 1
}

/** Says the chosen frames twice. */
export function duplicate(chosen: Choice): FrameFault {
  return (frame) => (chosen(frame) ? [frame, frame] : [frame])
}

/** Loses the chosen frames. */
export function drop(chosen: Choice): FrameFault {
  return (frame) => (chosen(frame) ? [] : [frame])
}

/** Holds a chosen frame back until the next one has passed. */
export function swap(chosen: Choice): FrameFault {
  let held: Frame | undefined
  return (frame) => {
    if (held === undefined && chosen(frame)) {
      held = frame
      return []
    }
    const passing = held === undefined ? [frame] : [frame, held]
    held = undefined
    return passing
  }
}

/** Puts something else into the chosen frames. */
export function corrupt(chosen: Choice, change: (kind: FrameKind) => FrameKind): FrameFault {
  return (frame) => (frame.kind !== undefined && chosen(frame) ? [{ kind: change(frame.kind) }] : [frame])
}

/** A wire with faults in each direction; they can be changed at any time. */
export class FaultyWire implements Wire {
  readonly name: string
  /** What happens to frames on their way out, and on their way in. */
  faults: { out: readonly FrameFault[]; in: readonly FrameFault[] } = { out: [], in: [] }
  /** Frames that came out otherwise than they went in. */
  harmed = 0

  constructor(
    readonly wire: Wire,
    /** Where the worker listens. */
    readonly address: string,
  ) {
    this.name = `${wire.name} (faulty)`
  }

  attach(outgoing: AsyncIterable<Batch>, signal: AbortSignal): AsyncIterable<Batch> {
    return this.#harm(this.wire.attach(this.#harm(outgoing, 'out'), signal), 'in')
  }

  probe(signal: AbortSignal): Promise<boolean> {
    return this.wire.probe(signal)
  }

  unref(): void {
    this.wire.unref()
  }

  close(): void {
    this.wire.close()
  }

  async *#harm(batches: AsyncIterable<Batch>, direction: 'out' | 'in'): AsyncGenerator<Batch> {
    for await (const batch of batches) {
      yield { frames: batch.frames.flatMap((frame) => this.#through(frame, this.faults[direction])) }
    }
  }

  #through(frame: Frame, faults: readonly FrameFault[]): Frame[] {
    const passed = faults.reduce((passing: readonly Frame[], fault) => passing.flatMap(fault), [frame])
    if (passed.length !== 1 || passed[0] !== frame) this.harmed++
    return [...passed]
  }
}

/** Faulty wires in front of the workers of a Snakepit, in the order in which they were reached. */
export class FaultyWires {
  readonly wires: FaultyWire[] = []

  /** @param prepare is told of each wire before anything passes it */
  constructor(readonly prepare: (wire: FaultyWire, nth: number) => void = () => {}) {}

  /** To be given to `Snakepit.openWith`. */
  readonly connect: Connect = (address, token) => {
    const wire = new FaultyWire(grpcWire(address, token), address)
    this.wires.push(wire)
    this.prepare(wire, this.wires.length - 1)
    return wire
  }

  /** The wire to the worker that listens at this address. */
  at(address: string | undefined): FaultyWire {
    const found = this.wires.find((wire) => wire.address === address)
    if (found === undefined) throw new Error(`nobody has connected to ${address}`)
    return found
  }
}
