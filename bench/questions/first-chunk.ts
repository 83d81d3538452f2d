// How long is it from asking for a stream to holding its first chunk?
import type { Answer } from '../support/answer.js'
import { percentile } from '../support/measure.js'
import type { Stage } from '../support/stage.js'

const trials = 500

export async function firstChunk({ pit, handwritten }: Stage): Promise<Answer> {
  const ours: number[] = []
  const theirs: number[] = []
  for (let trial = 0; trial < trials + 50; trial++) {
    const pair = [await first(pit.stream('chunks', { n: 1 })), await first(handwritten.chunks(1))] as const
    if (trial < 50) continue
    ours.push(pair[0])
    theirs.push(pair[1])
  }
  const [our, their] = [percentile(ours, 0.5), percentile(theirs, 0.5)]
  return {
    question: 'first chunk of a fresh stream, p50',
    figures: `${our.toFixed(3)} ms against ${their.toFixed(3)} ms (p99 ${percentile(ours, 0.99).toFixed(2)} against ${percentile(theirs, 0.99).toFixed(2)})`,
    result: `${(our / their).toFixed(2)} x the time`,
    target: 'no slower',
    met: our <= their,
  }
}

/** The rest of the stream is read too, so that the next trial finds both sides at rest. */
async function first(stream: AsyncIterable<unknown>): Promise<number> {
  const began = performance.now()
  let at: number | undefined
  for await (const _ of stream) at ??= performance.now() - began
  return at ?? Number.NaN
}
