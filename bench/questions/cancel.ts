// How long is it from the abort to the tool's `finally`?
import type { Answer } from '../support/answer.js'
import { percentile } from '../support/measure.js'
import type { Stage } from '../support/stage.js'

const trials = 200

/** The tool that is cancelled, and where it is when that happens. */
const places = {
  hold_yielding: 'between yields',
  hold_sleeping: 'in time.sleep',
  hold_looping: 'in a loop without yields',
} as const

export async function cancel({ pit }: Stage): Promise<Answer[]> {
  const pid = pit.workers()[0]?.info()?.pid
  const answers: Answer[] = []
  for (const [tool, place] of Object.entries(places)) {
    const samples: number[] = []
    for (let trial = 0; trial < trials; trial++) samples.push(await cancelled(pit, tool))
    const p99 = percentile(samples, 0.99)
    answers.push({
      question: `abort to finally, ${place}`,
      figures: `p50 ${percentile(samples, 0.5).toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, worst ${Math.max(...samples).toFixed(2)} ms`,
      result: `${p99.toFixed(1)} ms`,
      target: 'p99 under 25 ms',
      met: p99 < 25 && pit.workers()[0]?.info()?.pid === pid,
    })
  }
  return answers
}

async function cancelled(pit: Stage['pit'], tool: string): Promise<number> {
  const controller = new AbortController()
  const iterator = pit.stream(tool, {}, { signal: controller.signal })[Symbol.asyncIterator]()
  await iterator.next()
  const aborted = process.hrtime.bigint()
  controller.abort()
  // The worker takes this call when it has left the other one.
  const left = BigInt(await pit.execute<number | bigint>('finally_ran_at'))
  return Number(left - aborted) / 1e6
}
