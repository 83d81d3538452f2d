// `npm run bench`: asks every question, or those whose names are given, and prints the answers as a table.
//
//     npm run bench -- chunks cancel                 only these questions
//     npm run bench -- --transport msgpack           our side speaks by a pipe instead of gRPC
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import type { SnakepitOptions } from '../src/index.js'
import { blocks } from './questions/blocks.js'
import { callsInFlight, callsInSequence } from './questions/calls.js'
import { cancel } from './questions/cancel.js'
import { chunks } from './questions/chunks.js'
import { firstChunk } from './questions/first-chunk.js'
import { manyStreams } from './questions/many-streams.js'
import { memory } from './questions/memory.js'
import { pool } from './questions/pool.js'
import { start } from './questions/start.js'
import type { Answer } from './support/answer.js'
import { openStage, type Stage } from './support/stage.js'

const questions: Readonly<Record<string, (stage: Stage) => Promise<Answer | Answer[]>>> = {
  chunks,
  'calls-in-flight': callsInFlight,
  'calls-in-sequence': callsInSequence,
  'first-chunk': firstChunk,
  blocks,
  memory,
  cancel,
  'many-streams': manyStreams,
  start,
  pool,
}

const { values, positionals: asked } = parseArgs({
  allowPositionals: true,
  options: { transport: { type: 'string', default: 'auto' } },
})
const unknown = asked.filter((name) => !(name in questions))
if (unknown.length > 0)
  throw new Error(`no question ${unknown.join(', ')}; there are ${Object.keys(questions).join(', ')}`)

const stage = await openStage(values.transport as SnakepitOptions['transport'])
const info = stage.pit.workers()[0]?.info()
console.log(
  `Node ${process.versions.node}, Python ${info?.python.version}, grpcio ${info?.packages.grpcio}, ` +
    `${availableParallelism()} cores, ours by ${info?.transport.kind}\n`,
)
let missed = 0
for (const [name, ask] of Object.entries(questions)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  for (const { question, figures, result, target, met } of [await ask(stage)].flat()) {
    console.log(`${met ? 'met   ' : 'MISSED'}  ${question}\n        ${figures}: ${result} (target: ${target})`)
    if (!met) missed++
  }
}
await stage.close()
console.log(missed === 0 ? '\nevery target met' : `\n${missed} missed`)
