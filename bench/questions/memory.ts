// Do 5 GB through a consumer that is slower than the producer leave memory flat on both sides?
import { setImmediate } from 'node:timers/promises'
import type { Answer } from '../support/answer.js'
import { residentBytes } from '../support/resident-bytes.js'
import type { Stage } from '../support/stage.js'

const total = 5_000
const warmUp = 300
const limit = 32 * 1024 * 1024

export async function memory({ pit }: Stage): Promise<Answer> {
  const pid = pit.workers()[0]?.info()?.pid
  const python = () => residentBytes(pid as number)
  let [node0, python0, nodeMost, pythonMost] = [0, 0, 0, 0]
  let blocks = 0
  for await (const block of pit.stream<Uint8Array>('blocks', { n: total + warmUp }, { timeout: 600_000 }).values()) {
    // Slower than the producer: reads the block as a program would, and lets the event loop turn.
    let sum = 0
    for (let index = 0; index < block.length; index += 64) sum += block[index] as number
    if (sum !== 0) throw new Error('a block came changed')
    await setImmediate()
    blocks++
    if (blocks === warmUp) [node0, python0] = [process.memoryUsage.rss(), python()]
    if (blocks > warmUp && blocks % 50 === 0) {
      nodeMost = Math.max(nodeMost, process.memoryUsage.rss() - node0)
      pythonMost = Math.max(pythonMost, python() - python0)
    }
  }
  const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`
  return {
    question: `growth of memory while ${((total * 1024 * 1024) / 1e9).toFixed(1)} GB pass, consumer slower than producer`,
    figures: `Node ${mib(nodeMost)}, Python ${mib(pythonMost)}`,
    result: mib(Math.max(nodeMost, pythonMost)),
    target: 'at most 32 MiB each',
    met: nodeMost <= limit && pythonMost <= limit,
  }
}
