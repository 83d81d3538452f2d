// How long is it from `open` to the first, and to the last, of sixteen workers?
import type { Answer } from '../support/answer.js'
import { openPit } from '../support/stage.js'

const size = 16

export async function start(): Promise<Answer> {
  const began = performance.now()
  const pit = await openPit({ size })
  const first = performance.now() - began
  await pit.ready()
  const all = performance.now() - began
  const started = new Set(pit.workers().map((worker) => worker.info()?.pid)).size
  await pit.close()
  return {
    question: `${size} workers started, four at a time`,
    figures: `first ready after ${first.toFixed(0)} ms, all after ${all.toFixed(0)} ms`,
    result: `${(all / size).toFixed(0)} ms per worker`,
    target: 'all ready',
    met: started === size,
  }
}
