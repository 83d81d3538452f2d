// What a codec of frames is to the pipe: batches to messages and back.
import { SnakepitError } from '../../errors/snakepit-error.js'
import type { Batch } from '../wire.js'
import { type FrameReader, readFrames } from './frames/frame-reader.js'
import { type FrameWriter, writeFrames } from './frames/frame-writer.js'
import { lengthBytes, maxMembers, maxMessageBytes } from './frames/limits.js'

/** One way to write frames. */
export interface FrameCodec {
  /** Its name in the handshake. */
  readonly name: 'msgpack' | 'json'
  /**
   * The bytes of a batch as pieces to be sent in this order: one message with its length in front, or several where one
   * would be beyond the limits. Large values are pieces of their own and are not copied: they must not change until the
   * pieces have been sent.
   *
   * @throws SnakepitError `protocol_error` for a single frame that is beyond the limits
   */
  encode(batch: Batch): Uint8Array[]
  /**
   * The frames of one message, without its length. Bytes in them may be views of the message. Frames of an unknown kind
   * are left out.
   *
   * @throws SnakepitError `protocol_error` that names the frame and the field
   */
  decode(message: Uint8Array): Batch
}

/** Writes messages one after the other. */
export interface MessageWriter extends FrameWriter {
  begin(): void
  /** The message's pieces, with room for the length at the front of the first. */
  finish(): Uint8Array[]
}

/** Reads messages one after the other. */
export interface MessageReader extends FrameReader {
  begin(message: Uint8Array): void
  /** Says that the message has to end here, and lets go of it. */
  finish(): void
}

/**
 * Puts a codec together. A message is written or read from its first byte to its last without a pause, so that one
 * writer and one reader serve every pipe.
 */
export function frameCodec(name: FrameCodec['name'], writer: MessageWriter, reader: MessageReader): FrameCodec {
  return {
    name,
    encode: (batch) => encode(writer, batch),
    decode(message) {
      try {
        reader.begin(message)
        const frames = readFrames(reader)
        reader.finish()
        return { frames }
      } catch (cause) {
        const what = `the other side sent a message that cannot be read: ${(cause as Error).message}`
        throw new SnakepitError('protocol_error', what, { cause, mayHaveRun: true })
      }
    },
  }
}

function encode(writer: MessageWriter, batch: Batch): Uint8Array[] {
  if (batch.frames.length > maxMembers) return encodeHalves(writer, batch)
  writer.begin()
  writeFrames(writer, batch)
  const pieces = writer.finish()
  let bytes = -lengthBytes
  for (const piece of pieces) bytes += piece.length
  if (bytes > maxMessageBytes) {
    if (batch.frames.length > 1) return encodeHalves(writer, batch)
    const [frame] = batch.frames
    throw new SnakepitError(
      'protocol_error',
      `a frame '${frame?.kind?.$case}' of ${bytes} bytes cannot be sent: a message holds at most ${maxMessageBytes}`,
    )
  }
  putLength(pieces[0] as Uint8Array, bytes)
  return pieces
}

function encodeHalves(writer: MessageWriter, { frames }: Batch): Uint8Array[] {
  const middle = frames.length >> 1
  const first = encode(writer, { frames: frames.slice(0, middle) })
  return [...first, ...encode(writer, { frames: frames.slice(middle) })]
}

function putLength(into: Uint8Array, length: number): void {
  into[0] = length >>> 24
  into[1] = length >>> 16
  into[2] = length >>> 8
  into[3] = length
}
