// The way from a spawned process to a worker that has greeted.
import { type Attachment, attach } from '../peer/attach.js'
import type { Peer } from '../peer/peer.js'
import { version } from '../python/index.js'
import { afterLimit } from '../time/limit.js'
import { time } from '../time/time.js'
import { type Log, protocolVersion, type Wire } from '../wire/wire.js'
import type { Credentials } from './credentials.js'
import { type Answer, bootstrapLine, readAnswer } from './handshake.js'
import type { tryMakeSocketFolder } from './socket-folder.js'
import type { WorkerProcess } from './spawn.js'
import type { StartFailure } from './start-failure.js'
import { withinThisTurn } from './this-turn.js'
import type { WorkerFacts } from './worker-facts.js'
import type { WorkerSettings } from './worker-settings.js'

/** A process that was just spawned, and what it is to become. */
export interface Starting {
  readonly settings: WorkerSettings
  readonly credentials: Credentials
  readonly process: WorkerProcess
  readonly peer: Peer
  /** Where the worker is to listen; undefined when it does so on TCP. */
  readonly folder: ReturnType<typeof tryMakeSocketFolder> | undefined
  /** Opens the wire, also of a start that fails later: to close it is up to whoever opens it. */
  readonly connect: (facts: WorkerFacts) => Wire
  /** Hears log records that come before there is a wire. */
  readonly onLog: (log: Log) => void
  /** The order to stop. */
  readonly stop: AbortSignal
}

/** A worker on its wire. */
export interface Started {
  readonly attachment: Attachment
  readonly facts: WorkerFacts
  readonly wire: Wire
}

/** Thrown inside to leave the start with its reason. */
class StartEnded extends Error {
  constructor(readonly failure: StartFailure | 'stopped') {
    super()
  }
}

/** What {@link start} was left with. */
export function failureOf(error: unknown): StartFailure | 'stopped' {
  return error instanceof StartEnded ? error.failure : { reason: 'not_attached', cause: error }
}

/**
 * Tells the process who it is, hears where it listens, and greets it there.
 *
 * @throws what {@link failureOf} tells the reason of
 */
export async function start(starting: Starting): Promise<Started> {
  const { settings, credentials, process, folder, stop, onLog } = starting
  // Not `AbortSignal.any` of `AbortSignal.timeout`: what Node 20 collects of these never fires.
  const enough = new AbortController()
  const leave = () => enough.abort()
  const timer = afterLimit(settings.startTimeout, leave)
  stop.addEventListener('abort', leave, { once: true })
  if (stop.aborted) leave()
  try {
    if (folder?.cause !== undefined) throw new StartEnded({ reason: 'no_folder', cause: folder.cause })
    process.input.write(bootstrapLine(settings, credentials, folder?.socket))
    const { incarnation } = credentials
    const answer = readAnswer(
      process.answer,
      { incarnation, transport: settings.transport, socket: folder?.socket },
      onLog,
    )
    const facts = listening(await orEnd(starting, answer, enough.signal, 'answer'))
    const wire = starting.connect(facts)
    const attachment = await orEnd(starting, greet(starting, wire), enough.signal, 'greeting')
    return { attachment, facts, wire }
  } finally {
    time.clearTimeout(timer)
    stop.removeEventListener('abort', leave)
  }
}

function listening(answer: Answer): WorkerFacts {
  switch (answer.type) {
    case 'listening':
      return answer
    case 'failed':
      throw new StartEnded({ reason: 'reported', answer })
    case 'other-version':
      throw new StartEnded({ reason: 'other_version', version: answer.version })
    case 'silent':
      throw new StartEnded({ reason: 'closed_pipe' })
    case 'elsewhere':
      throw new StartEnded({ reason: 'elsewhere', address: answer.address })
    case 'garbage':
      throw new StartEnded({ reason: 'garbage', text: answer.text })
  }
}

function greet({ credentials, peer }: Starting, wire: Wire): Promise<Attachment> {
  const { incarnation, hostToken, workerToken } = credentials
  const hello = {
    protocol: protocolVersion,
    incarnation,
    token: hostToken,
    codecs: ['msgpack'],
    version,
    runtime: undefined,
    tools: [],
  }
  // Not the stop signal: a stopping worker still talks.
  return attach(wire, peer, { hello, expectToken: workerToken }, new AbortController().signal)
}

/** Waits for a step of the start, the end of the process, the time limit or the order to stop. */
async function orEnd<T>(
  { process, stop }: Starting,
  step: Promise<T>,
  signal: AbortSignal,
  phase: 'answer' | 'greeting',
): Promise<T> {
  step.catch(() => undefined)
  let onAbort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new StartEnded(stop.aborted ? 'stopped' : { reason: 'silent', phase }))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
  })
  // An answer that came in the same turn as the end counts: it says why.
  const ended = process.exited.then(async (end) => {
    const late = await withinThisTurn(step)
    if (late !== undefined && phase === 'answer' && (late as Answer).type === 'failed') return late
    throw new StartEnded(
      end.started ? { reason: 'exited_early', end } : { reason: 'not_started', failure: end.failure },
    )
  })
  ended.catch(() => undefined)
  try {
    return await Promise.race([step, ended, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
