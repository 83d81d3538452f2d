// Messages that were right until somebody spoiled them: a reader refuses them in its own words, or reads what can be
// sent again.
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { SnakepitError } from '../../src/errors/snakepit-error.js'
import type { FrameCodec } from '../../src/wire/pipe/frame-codec.js'
import { lengthBytes } from '../../src/wire/pipe/frames/limits.js'
import type { Batch } from '../../src/wire/wire.js'
import { anyBytes, asciiBytes, batches } from './frames.js'
import { oneOf, seeded } from './seeded.js'

/** What came of it. */
export interface Fuzzed {
  readonly read: number
  readonly refused: number
  /** One line for each message that was dealt with wrongly. */
  readonly failures: readonly string[]
}

/**
 * Spoils messages by chance, the same each time for the same seed, and reads them.
 *
 * @param rounds how many messages
 */
export function fuzzFrames(codec: FrameCodec, rounds: number, seed: number): Fuzzed {
  const drawn = fc.sample(batches(codec.name === 'json' ? asciiBytes : anyBytes), { seed, numRuns: 300 })
  const messages = drawn.map((batch) => messageOf(codec, batch)).filter(({ length }) => length < 4096)
  const random = seeded(seed)
  const prototype = Object.getOwnPropertyNames(Object.prototype).length
  const failures: string[] = []
  let read = 0
  for (let round = 0; round < rounds; round++) {
    const spoiled = spoil(messages, random)
    try {
      const batch = readOrRefused(codec, spoiled)
      if (batch === undefined) continue
      read++
      if (!isDeepStrictEqual(codec.decode(messageOf(codec, batch)), batch)) throw new Error('read, but not kept')
    } catch (error) {
      failures.push(`${spoiled.toString('hex')}: ${String(error)}`)
    }
  }
  if (Object.getOwnPropertyNames(Object.prototype).length !== prototype) failures.push('Object.prototype was changed')
  return { read, refused: rounds - read - failures.length, failures }
}

function readOrRefused(codec: FrameCodec, message: Uint8Array): Batch | undefined {
  try {
    return codec.decode(message)
  } catch (error) {
    if (error instanceof SnakepitError && error.code === 'protocol_error' && error.mayHaveRun) return undefined
    throw error
  }
}

/** The bytes of a batch's one message, without its length. */
export function messageOf(codec: FrameCodec, batch: Batch): Buffer {
  return Buffer.concat(codec.encode(batch)).subarray(lengthBytes)
}

/** Bytes that mean something: types of MessagePack with the longest lengths, brackets, quotes, digits. */
const telling = [0x00, 0x7f, 0x80, 0x90, 0xa0, 0xc0, 0xc1, 0xc4, 0xc6, 0xc9, 0xcb, 0xcf, 0xd3, 0xd8, 0xdb, 0xdd, 0xdf]
const tellingText = [...'[]{}",:\\-.0e9n '].map((letter) => letter.charCodeAt(0))

function spoil(messages: readonly Buffer[], random: () => number): Buffer {
  let bytes = Buffer.from(oneOf(messages, random))
  for (let times = 1 + Math.floor(random() * 3); times > 0; times--) {
    const at = Math.floor(random() * bytes.length)
    switch (Math.floor(random() * 7)) {
      case 0:
        bytes[at] = Math.floor(random() * 256)
        break
      case 1:
        bytes[at] = oneOf([...telling, ...tellingText], random)
        break
      case 2:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8))
        break
      case 3:
        bytes = bytes.subarray(0, at)
        break
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])
        break
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([oneOf(telling, random)]), bytes.subarray(at)])
        break
      default: {
        const other = oneOf(messages, random)
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(Math.floor(random() * other.length))])
      }
    }
  }
  return bytes
}
