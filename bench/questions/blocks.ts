// How many bytes a second does one worker stream in blocks of 1 MiB?
import type { Answer } from '../support/answer.js'
import { inTurn, perSecond } from '../support/measure.js'
import type { Stage } from '../support/stage.js'

export async function blocks({ pit, handwritten }: Stage): Promise<Answer> {
  const { ours, theirs, ratio } = await inTurn(
    () => perSecond(() => bytes(pit.stream<Uint8Array>('blocks', { n: 1_000 }).values())),
    () => perSecond(() => bytes(handwritten.blocks(1_000))),
  )
  return {
    question: 'bytes per second in chunks of 1 MiB (the peer sends raw bytes too)',
    figures: `${(ours / 1e6).toFixed(0)} MB/s against ${(theirs / 1e6).toFixed(0)} MB/s`,
    result: `${ratio.toFixed(2)} x`,
    target: 'at least 1.3 x',
    met: ratio >= 1.3,
  }
}

async function bytes(blocks: AsyncIterable<Uint8Array>): Promise<number> {
  let total = 0
  for await (const block of blocks) total += block.length
  return total
}
