// How many bytes a second does one worker stream in blocks of 1 MiB?
import type { Answer } from '../support/answer.js'
import { inTurn, perSecond } from '../support/measure.js'
import type { Stage } from '../support/stage.js'

const least = 1.3

export async function blocks({ pit, handwritten }: Stage): Promise<Answer[]> {
  const ours = () => perSecond(() => bytes(pit.stream<Uint8Array>('blocks', { n: 1_000 }).values()))
  const peers = {
    'one JSON message per chunk': () => perSecond(() => bytes(handwritten.jsonBlocks(150))),
    'one message of raw bytes per chunk': () => perSecond(() => bytes(handwritten.blocks(1_000))),
  }
  const answers: Answer[] = []
  for (const [peer, theirs] of Object.entries(peers)) {
    const pair = await inTurn(ours, theirs)
    answers.push({
      question: `bytes per second in chunks of 1 MiB, against ${peer}`,
      figures: `${(pair.ours / 1e6).toFixed(0)} MB/s against ${(pair.theirs / 1e6).toFixed(0)} MB/s`,
      result: `${pair.ratio.toFixed(2)} x`,
      target: `at least ${least} x`,
      met: pair.ratio >= least,
    })
  }
  return answers
}

async function bytes(blocks: AsyncIterable<Uint8Array>): Promise<number> {
  let total = 0
  for await (const block of blocks) total += block.length
  return total
}
