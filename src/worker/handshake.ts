// What is said before there is a wire: one line in, one line out.
import type { Readable } from 'node:stream'
import { protocolVersion } from '../wire/wire.js'
import type { Credentials } from './credentials.js'
import type { WorkerSettings } from './worker-settings.js'

/** Where a worker failed on its way to being ready. */
export type FailureStage = 'bootstrap' | 'requirements' | 'adapter' | 'tools' | 'initialize' | 'listen'

/** What a worker answers to its bootstrap line. */
export type Answer =
  | { readonly type: 'listening'; readonly address: string; readonly pid: number }
  | {
      readonly type: 'failed'
      readonly stage: FailureStage
      readonly error: string
      readonly message: string
      readonly traceback: string
    }
  /** Another protocol version. */
  | { readonly type: 'other-version'; readonly version: unknown }
  /** Something that is no answer. */
  | { readonly type: 'garbage'; readonly text: string }

/** Characters after which a line cannot be an answer. */
const longestAnswer = 1024 * 1024

/** The line that tells a worker who it is and what to serve. */
export function bootstrapLine(settings: WorkerSettings, credentials: Credentials, socket: string | undefined): string {
  const { id, adapter, transport, concurrency, cwd } = settings
  const { incarnation, hostToken, workerToken } = credentials
  const line = {
    snakepit: protocolVersion,
    worker: id,
    incarnation,
    hostToken,
    workerToken,
    adapter: { ...adapter.source, attribute: adapter.attribute ?? null },
    transport:
      transport.kind === 'grpc-unix'
        ? { kind: 'grpc', socket }
        : { kind: 'grpc', host: transport.host, ports: transport.ports },
    concurrency,
    cwd,
  }
  return `${JSON.stringify(line)}\n`
}

/** Reads the one line that a worker answers with; what follows it is drained. */
export function readAnswer(pipe: Readable, incarnation: string): Promise<Answer> {
  return new Promise((resolve) => {
    let text = ''
    pipe.setEncoding('utf8')
    pipe.on('data', (more: string) => {
      if (text.length > longestAnswer || text.includes('\n')) return
      text += more
      const end = text.indexOf('\n')
      if (end >= 0) resolve(parse(text.slice(0, end), incarnation))
      else if (text.length > longestAnswer) resolve({ type: 'garbage', text })
    })
    // A pipe that ends without a word is no answer at all: the end of the process says more.
    pipe.on('close', () => text !== '' && resolve({ type: 'garbage', text }))
  })
}

function parse(text: string, incarnation: string): Answer {
  let line: Record<string, unknown>
  try {
    line = JSON.parse(text) as Record<string, unknown>
  } catch {
    return { type: 'garbage', text }
  }
  if (typeof line !== 'object' || line === null || !('snakepit' in line)) return { type: 'garbage', text }
  if (line.snakepit !== protocolVersion) return { type: 'other-version', version: line.snakepit }
  const failure = line.failure as Record<string, unknown> | undefined
  if (failure !== undefined) {
    return {
      type: 'failed',
      stage: failure.stage as FailureStage,
      error: String(failure.type ?? ''),
      message: String(failure.message ?? ''),
      traceback: String(failure.traceback ?? ''),
    }
  }
  const { address, pid } = line
  const fits = line.incarnation === incarnation && typeof address === 'string' && Number.isInteger(pid)
  return fits ? { type: 'listening', address: address as string, pid: pid as number } : { type: 'garbage', text }
}
