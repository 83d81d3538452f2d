// The last chunk of a stream, made from the end of its call.
import { lengthOf } from '../codec/encoded.js'
import { decodeValue } from '../codec/msgpack.js'
import type { CallEnd } from '../peer/call-end.js'
import type { FinalChunk } from '../peer/chunk.js'

/** Everything a final chunk says: the tool's own metadata, and what the library knows of the call. */
export function finalChunk(
  end: Extract<CallEnd, { type: 'ok' }>,
  seq: number,
  workerId: string,
): FinalChunk<unknown, unknown> {
  // Who marked the chunk is for the library to say, whatever the tool's own metadata claims.
  const { synthetic_final: _, ...own } = end.metadata
  const metadata: Record<string, string> = {
    ...own,
    execution_time_ms: end.timings.runMs.toFixed(3),
    tool_type: 'remote',
    worker_id: workerId,
  }
  if (!end.marked) metadata.synthetic_final = 'true'
  const data = lengthOf(end.value) === 0 ? null : decodeValue(end.value)
  return { data, isFinal: true, metadata, seq }
}
