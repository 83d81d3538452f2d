// Messages that are spoiled by chance, read by both codecs of the pipe.
import { jsonFrames } from '../../../src/wire/pipe/json-frames.js'
import { msgpackFrames } from '../../../src/wire/pipe/msgpack-frames.js'
import { fuzzFrames } from '../../support/frame-fuzz.js'
import type { Campaign } from '../campaign.js'

/** Messages after which others are drawn to be spoiled. */
const perRound = 5_000

export const messages: Campaign = {
  name: 'messages',
  guarantees: ['G30'],
  sentence:
    'A message on a pipe that was spoiled is refused as `protocol_error`, or read as what can be sent again; nothing else is thrown, and no prototype changes',
  unit: 'messages',
  trials: { share: 2_000, chaos: 200_000, soak: 2_000_000 },
  async run({ trials, seed }) {
    const failures: string[] = []
    const figures: string[] = []
    for (const codec of [msgpackFrames, jsonFrames]) {
      let read = 0
      for (let made = 0; made < trials / 2; made += perRound) {
        const fuzzed = fuzzFrames(codec, Math.min(perRound, trials / 2 - made), seed + made)
        failures.push(...fuzzed.failures)
        read += fuzzed.read
        await new Promise((resolve) => setImmediate(resolve))
      }
      figures.push(`${codec.name}: ${read.toLocaleString('en-US')} read all the same`)
    }
    return { trials, failures, figures: figures.join(', ') }
  },
}
