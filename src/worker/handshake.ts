// What is said before there is a wire: one line in, one line out.
import type { Readable } from 'node:stream'
import { describe } from '../errors/expectation.js'
import { time } from '../time/time.js'
import { type Log, protocolVersion } from '../wire/wire.js'
import type { Credentials } from './credentials.js'
import { readable } from './lines.js'
import type { TransportSettings, WorkerSettings } from './worker-settings.js'

/** Where a worker failed on its way to being ready. */
export type FailureStage = 'bootstrap' | 'requirements' | 'adapter' | 'tools' | 'initialize' | 'listen'

/** What a worker answers to its bootstrap line. */
export type Answer =
  | { readonly type: 'listening'; readonly address: string; readonly pid: number }
  | {
      readonly type: 'failed'
      /** One of those above, unless the worker has stages of its own. */
      readonly stage: string
      readonly error: string
      readonly message: string
      readonly traceback: string
    }
  /** Another protocol version, in words. */
  | { readonly type: 'other-version'; readonly version: string }
  /** An address that it was not told to listen on. */
  | { readonly type: 'elsewhere'; readonly address: string }
  /** Its pipe was closed without a word. */
  | { readonly type: 'silent' }
  /** Something that is no answer. */
  | { readonly type: 'garbage'; readonly text: string }

/** Characters after which a line cannot be an answer. */
const longestAnswer = 1024 * 1024

/** The line that tells a worker who it is and what to serve. */
export function bootstrapLine(settings: WorkerSettings, credentials: Credentials, socket: string | undefined): string {
  const { id, adapter, transport, threads, cwd, environment } = settings
  const { incarnation, hostToken, workerToken } = credentials
  const line = {
    snakepit: protocolVersion,
    worker: id,
    incarnation,
    hostToken,
    workerToken,
    adapter: { ...adapter.source, attribute: adapter.attribute ?? null },
    transport: orderOf(transport, socket),
    threads: threads ?? null,
    cwd,
    environment: {
      pythonPath: environment.pythonPath ?? null,
      limits: environment.limits,
      heldBack: environment.heldBack,
    },
  }
  return `${JSON.stringify(line)}\n`
}

/** What a worker is told of its transport. */
function orderOf(transport: TransportSettings, socket: string | undefined): object {
  switch (transport.kind) {
    case 'pipe':
      return { kind: 'pipe', codec: transport.codec }
    case 'grpc-unix':
      return { kind: 'grpc', socket }
    case 'grpc-tcp':
      return { kind: 'grpc', host: transport.host, ports: transport.ports }
  }
}

/** Reads the one line that a worker answers with; log records may come before it, and what follows it is drained. */
export function readAnswer(pipe: Readable, expected: Expected, onLog: (log: Log) => void): Promise<Answer> {
  return new Promise((resolve) => {
    let text = ''
    let answered = false
    const answer = (found: Answer) => {
      answered = true
      resolve(found)
    }
    pipe.setEncoding('utf8')
    pipe.on('data', (more: string) => {
      if (answered) return
      text += more
      for (let end = text.indexOf('\n'); end >= 0 && !answered; end = text.indexOf('\n')) {
        const line = jsonOf(text.slice(0, end))
        const log = isRecord(line) && line.snakepit === protocolVersion ? earlyLog(line.log) : undefined
        if (log === undefined) return answer(parse(text.slice(0, end), line, expected))
        text = text.slice(end + 1)
        onLog(log)
      }
      if (text.length > longestAnswer) answer({ type: 'garbage', text })
    })
    pipe.on('close', () => {
      if (text !== '') return resolve({ type: 'garbage', text })
      // The end of a process closes it too, and says more.
      time.setTimeout(() => resolve({ type: 'silent' }), patienceForEnd).unref()
    })
  })
}

/** Milliseconds that a process may outlive its answer's pipe, before that counts as an answer. */
const patienceForEnd = 1_000

/** What the answer has to fit. */
export interface Expected {
  readonly incarnation: string
  readonly transport: TransportSettings
  /** Path of the socket that the worker was told to listen on, if it was told one. */
  readonly socket: string | undefined
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A record of Python's `logging` that came before there was a wire. */
function earlyLog(log: unknown): Log | undefined {
  if (!isRecord(log)) return undefined
  const { level, source, message, fields, shown, timeMs } = log
  const known = Number.isInteger(level) && Number.isSafeInteger(timeMs)
  if (!known) return undefined
  const texts = { source: textOf(source), message: textOf(message), fields: textOf(fields), shown: textOf(shown) }
  return { call: 0, level: level as Log['level'], timeMs: timeMs as number, ...texts }
}

function parse(text: string, line: unknown, expected: Expected): Answer {
  if (!isRecord(line) || !('snakepit' in line)) return { type: 'garbage', text }
  if (line.snakepit !== protocolVersion) return { type: 'other-version', version: versionOf(line.snakepit) }
  if (line.failure !== undefined) return failed(line.failure) ?? { type: 'garbage', text }
  const { address, pid, incarnation } = line
  const fits = typeof address === 'string' && Number.isInteger(pid) && incarnation === expected.incarnation
  if (!fits) return { type: 'garbage', text }
  // The host's token is shown to nobody else.
  if (!isWhereItShouldBe(address, expected)) return { type: 'elsewhere', address }
  return { type: 'listening', address, pid: pid as number }
}

function versionOf(version: unknown): string {
  return typeof version === 'number' ? String(version) : describe(version)
}

function failed(failure: unknown): Answer | undefined {
  if (!isRecord(failure)) return undefined
  const { stage, type, message, traceback } = failure
  return {
    type: 'failed',
    stage: textOf(stage),
    error: textOf(type),
    message: textOf(message),
    traceback: textOf(traceback),
  }
}

/** Characters of one text of a failure that are kept; its end says the most. */
const longestText = 64 * 1024

/** A text as it can be printed: whatever else came is none. */
function textOf(value: unknown): string {
  if (typeof value !== 'string') return ''
  const cut = value.length > longestText ? `…${value.slice(-longestText)}` : value
  return cut.split('\n').map(readable).join('\n')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isWhereItShouldBe(address: string, { transport, socket }: Expected): boolean {
  if (transport.kind === 'pipe') return address === 'pipe'
  if (transport.kind === 'grpc-unix') return address === `unix://${socket}`
  const colon = address.lastIndexOf(':')
  const [host, port] = [address.slice(0, colon), address.slice(colon + 1)]
  if (host.replace(/^\[(.*)\]$/, '$1') !== transport.host || !/^[1-9]\d{0,4}$/.test(port)) return false
  const [first, last] = transport.ports
  return Number(port) <= 65_535 && (last === 0 || (Number(port) >= first && Number(port) <= last))
}
