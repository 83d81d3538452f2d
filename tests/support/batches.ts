// Batches that tests send and look for: a ping is the smallest frame that carries a number.
import type { Batch, Frame } from '../../src/wire/wire.js'

/** A batch of pings with these numbers. */
export function pings(...nonces: number[]): Batch {
  return { frames: nonces.map((nonce) => ({ kind: { $case: 'ping', value: { nonce } } })) }
}

/** The numbers of the pings in a batch. */
export function noncesOf({ frames }: Batch): number[] {
  return frames.map(({ kind }) => (kind?.$case === 'ping' ? kind.value.nonce : Number.NaN))
}

/** A batch that carries so many bytes. */
export function bulk(call: number, data: Uint8Array): Batch {
  return { frames: [{ kind: { $case: 'part', value: { call, data } } } satisfies Frame] }
}

/** The bytes that a batch of {@link bulk} carries. */
export function dataOf({ frames: [frame] }: Batch): Uint8Array {
  return frame?.kind?.$case === 'part' ? frame.kind.value.data : new Uint8Array(0)
}
