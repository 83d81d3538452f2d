// How many chunks a second does one worker stream into a `for await`?
import { type Answer, whole } from '../support/answer.js'
import { count, inTurn, perSecond } from '../support/measure.js'
import type { Stage } from '../support/stage.js'

export async function chunks({ pit, handwritten }: Stage): Promise<Answer> {
  const { ours, theirs, ratio } = await inTurn(
    () => perSecond(() => count(pit.stream('chunks', { n: 400_000 }))),
    () => perSecond(() => count(handwritten.chunks(30_000))),
  )
  return {
    question: 'chunks of 70 bytes per second, one worker, for await',
    figures: `${whole(ours)} against ${whole(theirs)}`,
    result: `${ratio.toFixed(1)} x`,
    target: 'at least 12 x',
    met: ratio >= 12,
  }
}
