// Frames as MessagePack: where Python has a library for it.
import { frameCodec } from './frame-codec.js'
import { MsgpackReader } from './msgpack/msgpack-reader.js'
import { MsgpackWriter } from './msgpack/msgpack-writer.js'

/** Frames as MessagePack lists. */
export const msgpackFrames = frameCodec('msgpack', new MsgpackWriter(), new MsgpackReader())
