// Do a thousand streams at once share two workers, each complete and in order?
import { type Answer, whole } from '../support/answer.js'
import { openPit } from '../support/stage.js'

const streams = 1_000
const items = 100

export async function manyStreams(): Promise<Answer> {
  const pit = await openPit({ size: 2, concurrency: streams / 2, maxQueue: streams })
  await pit.ready()
  const began = performance.now()
  await Promise.all(Array.from({ length: streams }, () => inOrder(pit.stream<number>('ticks', { n: items }).values())))
  const seconds = (performance.now() - began) / 1000
  const { completed, errors } = pit.stats()
  await pit.close()
  return {
    question: `${whole(streams)} streams at once on the async tools of two workers, ${items} chunks each`,
    figures: `${seconds.toFixed(2)} s, ${whole((streams * items) / seconds)} chunks per second`,
    result: `${completed} complete, ${errors} failed`,
    target: 'all complete and in order',
    met: completed === streams && errors === 0,
  }
}

async function inOrder(numbers: AsyncIterable<number>): Promise<void> {
  let next = 0
  for await (const number of numbers) {
    if (number !== next++) throw new Error(`${number} came where ${next - 1} was due`)
  }
  if (next !== items) throw new Error(`a stream ended after ${next} chunks`)
}
