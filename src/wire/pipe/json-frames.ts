// Frames as JSON: what a bare Python can read.
import { frameCodec } from './frame-codec.js'
import { JsonReader } from './json/json-reader.js'
import { JsonWriter } from './json/json-writer.js'

/** Frames as JSON lists; encoded values are JSON documents in pure ASCII, and travel as texts. */
export const jsonFrames = frameCodec('json', new JsonWriter(), new JsonReader())
