// How many calls a second does one worker answer: 32 in flight, and one after the other?
import { type Answer, whole } from '../support/answer.js'
import { inTurn, perSecond } from '../support/measure.js'
import type { Stage } from '../support/stage.js'

export async function callsInFlight({ pit, handwritten }: Stage): Promise<Answer> {
  const { ours, theirs, ratio } = await inTurn(
    () => perSecond(() => calls(60_000, 32, (a) => pit.execute('add', { a, b: 2 }))),
    () => perSecond(() => calls(6_000, 32, (a) => handwritten.call({ a, b: 2 }))),
  )
  return answer('calls per second, 32 in flight on one worker', ours, theirs, ratio, 6)
}

export async function callsInSequence({ pit, handwritten }: Stage): Promise<Answer> {
  const { ours, theirs, ratio } = await inTurn(
    () => perSecond(() => calls(5_000, 1, (a) => pit.execute('add', { a, b: 2 }))),
    () => perSecond(() => calls(2_000, 1, (a) => handwritten.call({ a, b: 2 }))),
  )
  return answer('calls per second, one after the other', ours, theirs, ratio, 2)
}

async function calls(total: number, atOnce: number, call: (a: number) => Promise<unknown>): Promise<number> {
  let next = 0
  const caller = async () => {
    while (next < total) {
      const a = next++
      const sum = await call(a)
      if (sum !== a + 2) throw new Error(`${a} + 2 came back as ${sum}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, caller))
  return total
}

function answer(question: string, ours: number, theirs: number, ratio: number, least: number): Answer {
  return {
    question,
    figures: `${whole(ours)} against ${whole(theirs)}`,
    result: `${ratio.toFixed(1)} x`,
    target: `at least ${least} x`,
    met: ratio >= least,
  }
}
