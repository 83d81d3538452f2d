// What a transport is to the layer above it: frames in both directions until one side ends.
import type { AttachRequest, Frame } from './gen/snakepit/v1/worker.js'

export type * from './gen/snakepit/v1/worker.js'
export {
  CancelReason,
  CancelRung,
  LogLevel,
  SessionEndReason,
  ToolKind,
} from './gen/snakepit/v1/worker.js'

/** Version of the protocol that this package speaks. */
export const protocolVersion = 1

/** Frames that travel together in one message, in order. */
export type Batch = AttachRequest

/** One thing said, with its name. */
export type FrameKind = NonNullable<Frame['kind']>

/** One end of a connection that carries frames. */
export interface Wire {
  /** The transport and where it leads, for people: `grpc unix:///tmp/…`. */
  readonly name: string
  /**
   * Sends what `outgoing` yields and yields what the other side sends. Ends when the other side ends; throws when the
   * transport fails. Leaving the iteration, or aborting `signal`, closes both directions.
   */
  attach(outgoing: AsyncIterable<Batch>, signal: AbortSignal): AsyncIterable<Batch>
  /**
   * Asks the transport itself for a sign of life, past the program at the other end: true for an answer, false when it
   * was refused or the signal fired, pending while nothing comes. Rejects when this side cannot even ask.
   */
  probe(signal: AbortSignal): Promise<boolean>
  /** Once attached: an open wire alone does not keep the program alive. */
  unref(): void
  /** Gives back what the transport holds; everything attached ends. */
  close(): void
}
