// What waits to be sent: taken all at once whenever the wire is ready for more.
import type { Batch, Frame, FrameKind, Start } from '../wire/wire.js'
import { metadataBytes } from './metadata-bytes.js'

/** Bytes of values after which a batch is full. */
const batchBytes = 1024 * 1024

/** Most bytes of a value that travel in one frame; larger values are cut into parts. */
export const partBytes = 1024 * 1024

/** A frame that ends a value, and what the value weighs. */
interface Waiting {
  readonly kind: FrameKind
  readonly bytes: number
}

/**
 * Frames on their way out, as the AsyncIterable that a wire sends. An idle wire gets a frame at once; frames that are
 * pushed while it is busy, or in the same turn, leave together.
 *
 * Values that were cut take a lane of their own for their call: the lanes take turns, one part each batch, so that no
 * large value holds up another call, and a call's own frames stay in order behind its parts.
 */
export class Outbox implements AsyncIterable<Batch> {
  #small: Frame[] = []
  #smallBytes = 0
  readonly #lanes = new Map<number, Waiting[]>()
  #wake: (() => void) | undefined
  #ended = false

  /** Puts a frame without a value, or with a small one, at the end. */
  push(kind: FrameKind, call = 0, bytes = 0): void {
    const lane = this.#lanes.size > 0 ? this.#lanes.get(call) : undefined
    if (lane !== undefined && call !== 0) {
      lane.push({ kind, bytes })
    } else {
      this.#small.push({ kind })
      this.#smallBytes += bytes
    }
    this.#stir()
  }

  /**
   * Puts a frame with a value of any size at the end.
   *
   * @param frame makes the frame from what is left of the value once its parts were cut off
   * @param beside bytes that the frame has beside the value
   */
  pushValue(call: number, value: Uint8Array, frame: (rest: Uint8Array) => FrameKind, beside = 0): void {
    if (value.length <= partBytes) {
      this.push(frame(value), call, value.length + beside)
      return
    }
    const lane = this.#lanes.get(call) ?? []
    let offset = 0
    for (; value.length - offset > partBytes; offset += partBytes) {
      const data = value.subarray(offset, offset + partBytes)
      lane.push({ kind: { $case: 'part', value: { call, data } }, bytes: data.length })
    }
    lane.push({ kind: frame(value.subarray(offset)), bytes: value.length - offset + beside })
    this.#lanes.set(call, lane)
    this.#stir()
  }

  /**
   * Drops the parts of a start that have not left, and with them the start. Nothing is dropped once the start has left.
   *
   * @returns true when the start was dropped: the called side will never know of the call
   */
  dropStart(call: number): boolean {
    const lane = this.#lanes.get(call)
    return lane?.at(-1)?.kind.$case === 'start' && this.#lanes.delete(call)
  }

  /** Nothing more will be sent after what waits now. */
  end(): void {
    this.#ended = true
    this.#stir()
  }

  /** The calls whose start still waits here. */
  unsentCalls(): ReadonlySet<number> {
    const calls = new Set<number>()
    for (const { kind } of this.#small) if (kind?.$case === 'start') calls.add(kind.value.call)
    for (const [call, lane] of this.#lanes) if (lane.some(({ kind }) => kind.$case === 'start')) calls.add(call)
    return calls
  }

  [Symbol.asyncIterator](): AsyncIterator<Batch> {
    return { next: () => this.#next(), return: () => Promise.resolve({ done: true, value: undefined }) }
  }

  async #next(): Promise<IteratorResult<Batch>> {
    while (this.#small.length === 0 && this.#lanes.size === 0) {
      if (this.#ended) return { done: true, value: undefined }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return { done: false, value: { frames: this.#take() } }
  }

  #take(): Frame[] {
    const waited = this.#smallBytes
    const frames = this.#takeSmall()
    for (const [call, lane] of this.#lanes) {
      // What its call said before must leave first.
      if (this.#small.some((frame) => callOf(frame) === call)) continue
      // One part at the least, however full the batch is.
      let room = Math.max(1, batchBytes - (waited - this.#smallBytes))
      while (room > 0) {
        const waiting = lane.shift()
        if (waiting === undefined) break
        frames.push({ kind: waiting.kind })
        room -= waiting.bytes
      }
      // To the back of the row, or out of it.
      this.#lanes.delete(call)
      if (lane.length > 0) this.#lanes.set(call, lane)
      break
    }
    return frames
  }

  #takeSmall(): Frame[] {
    const frames = this.#small
    if (this.#smallBytes <= batchBytes) {
      this.#small = []
      this.#smallBytes = 0
      return frames
    }
    let bytes = 0
    let count = 0
    while (count < frames.length && bytes < batchBytes) bytes += weight(frames[count++] as Frame)
    this.#small = frames.slice(count)
    this.#smallBytes -= bytes
    return frames.slice(0, count)
  }

  #stir(): void {
    const wake = this.#wake
    if (wake === undefined) return
    this.#wake = undefined
    wake()
  }
}

/** The call that a frame belongs to; undefined for those that belong to none. */
function callOf({ kind }: Frame): number | undefined {
  return kind !== undefined && 'call' in kind.value ? kind.value.call : undefined
}

/** Bytes that a start has beside its arguments. */
export function besideStart({ metadata, session }: Pick<Start, 'metadata' | 'session'>): number {
  return metadataBytes(metadata) + metadataBytes(session?.metadata)
}

/** Bytes of the value in a frame, and of what may be large beside it. */
function weight({ kind }: Frame): number {
  switch (kind?.$case) {
    case 'start':
      return kind.value.arguments.length + besideStart(kind.value)
    case 'items':
      return kind.value.body.length
    case 'progress':
      return kind.value.value.length
    case 'end':
      return kind.value.outcome?.$case === 'ok' ? kind.value.outcome.value.value.length : 0
    default:
      return 0
  }
}
