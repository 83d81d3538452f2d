// One start of one worker, from spawn to exit.
import type { SnakepitError } from '../errors/snakepit-error.js'
import { Peer } from '../peer/peer.js'
import { time } from '../time/time.js'
import { grpcWire } from '../wire/grpc/grpc-wire.js'
import { msgpackFrames } from '../wire/pipe/msgpack-frames.js'
import { pipeWire } from '../wire/pipe/pipe-wire.js'
import type { Wire } from '../wire/wire.js'
import { BlackBox } from './black-box.js'
import { newCredentials } from './credentials.js'
import { LastLines, readLines } from './lines.js'
import { LogGate } from './log-gate.js'
import { crashed, notReached, stopped, unresponsive, wireClosed } from './loss.js'
import { tryMakeSocketFolder } from './socket-folder.js'
import { spawnWorker } from './spawn.js'
import { failureOf, type Started, start } from './start.js'
import { type StartFailure, startFailed } from './start-failure.js'
import { endsWithin, stopProcess } from './stop-ladder.js'
import { withinThisTurn } from './this-turn.js'
import { watchLife } from './watch-life.js'
import type { StopRung, WorkerEvent } from './worker-event.js'
import { type WorkerFacts, workerInfo } from './worker-facts.js'
import { logFromLine, logFromWire } from './worker-log.js'
import type { WorkerSettings } from './worker-settings.js'

/** Milliseconds for a process to end after its wire did, its `atexit` included, before it is stopped by force. */
const patienceAfterWire = 1_800

/** Milliseconds for the last output of a dead process to be read. Longer, and somebody else holds its pipes. */
const patienceForOutput = 100

/** Runs one worker and tells everything that happens to it. */
export class WorkerLife {
  readonly #settings: WorkerSettings
  readonly #emit: (event: WorkerEvent) => void
  readonly #credentials = newCredentials()
  readonly #box: BlackBox | undefined
  readonly #process
  readonly #peer: Peer
  readonly #stop = new AbortController()
  readonly #lastLines: LastLines
  readonly #logs: LogGate
  readonly #began = time.now()
  /** Where the worker is to listen; undefined when it does so on TCP. */
  readonly #folder: ReturnType<typeof tryMakeSocketFolder> | undefined
  #wire: Wire | undefined
  #rung: StopRung | undefined
  #pid: number | undefined

  constructor(settings: WorkerSettings, emit: (event: WorkerEvent) => void) {
    this.#settings = settings
    this.#emit = emit
    const worker = settings.id
    this.#lastLines = new LastLines(settings.logs.redact)
    this.#logs = new LogGate(settings.logs, (log) => emit({ type: 'log', log }))
    emit({ type: 'starting', worker, incarnation: this.#credentials.incarnation })
    this.#folder = settings.transport.kind === 'grpc-unix' ? tryMakeSocketFolder() : undefined
    this.#box = BlackBox.open()
    this.#process = spawnWorker(settings, this.#folder?.socket, this.#box)
    this.#peer = new Peer({
      side: 'host',
      handler: settings.handler,
      onLog: (log) => this.#logs.take(logFromWire(worker, log)),
    })
    for (const source of ['stdout', 'stderr'] as const) {
      readLines(this.#process[source], (line) => {
        this.#lastLines.add(line)
        this.#logs.take(logFromLine(worker, source, line))
      })
    }
  }

  /** Begins to stop the worker; the end of {@link run} is the end of it. */
  stop(): void {
    this.#stop.abort()
  }

  /** Resolves when the process is gone and everything it held is given back. Never rejects. */
  async run(): Promise<void> {
    let serves = false
    try {
      const started = await this.#start()
      serves = true
      await this.#serve(started)
    } catch (error) {
      if (serves) await this.#serveFailed(error)
      else await this.#startFailed(failureOf(error))
    } finally {
      this.#wire?.close()
      this.#process.release()
      this.#box?.close()
      this.#folder?.remove?.()
    }
  }

  /** From spawned to ready. */
  async #start(): Promise<Started> {
    const started = await start({
      settings: this.#settings,
      credentials: this.#credentials,
      process: this.#process,
      peer: this.#peer,
      folder: this.#folder,
      connect: (facts) => this.#connect(facts),
      onLog: (early) => {
        const log = logFromWire(this.#settings.id, early)
        for (const line of (log.shown || log.message).split('\n')) this.#lastLines.add(line)
        this.#logs.take(log)
      },
      stop: this.#stop.signal,
    })
    const { attachment, facts, wire } = started
    const info = workerInfo(this.#settings, this.#credentials, attachment.hello, facts, time.now() - this.#began)
    this.#pid = info.pid
    // From here on, what the program does keeps it alive: each call has a timer, and an idle worker is no reason.
    this.#process.unref()
    wire.unref()
    this.#emit({ type: 'ready', handle: { info, peer: this.#peer } })
    return started
  }

  #connect({ address, pid }: WorkerFacts): Wire {
    const { connect = grpcWire } = this.#settings
    const { wire } = this.#process
    this.#wire = wire === undefined ? connect(address, this.#credentials.hostToken) : pipeWire(wire, msgpackFrames, pid)
    return this.#wire
  }

  /** From ready to gone. */
  async #serve({ attachment, wire }: Started): Promise<void> {
    const stopped = new Promise<'stop'>((resolve) => {
      if (this.#stop.signal.aborted) resolve('stop')
      this.#stop.signal.addEventListener('abort', () => resolve('stop'), { once: true })
    })
    const exited = this.#process.exited.then(() => 'exit' as const)
    const { hung, stop } = watchLife(this.#settings.heartbeat, this.#peer, wire, (condition) =>
      this.#emit({ type: 'condition', worker: this.#settings.id, condition }),
    )
    const first = await Promise.race([stopped, exited, hung, attachment.ended])
    stop()
    if (first === 'stop') {
      await this.#climb('asked')
      return this.#gone(true, undefined)
    }
    // Who reads what comes of it must not send the next call here, and one that does learns that it never left.
    this.#peer.hangUp(notReached(this.#settings.id))
    if (first === 'hung') {
      const silence = unresponsive(this.#settings.id)
      await this.#climb('unasked', silence)
      return this.#gone(false, silence)
    }
    this.#emit({ type: 'condition', worker: this.#settings.id, condition: 'gone' })
    if (first === 'exit') return this.#gone(false, undefined)
    // A wire that broke is most often the first sign of a process that died: its end says more. A broken rule says all.
    if (first?.code === 'protocol_error' || !(await endsWithin(this.#process, patienceAfterWire))) {
      await this.#climb('unasked', first ?? wireClosed(this.#settings.id))
    }
    return this.#gone(false, first)
  }

  async #gone(ordered: boolean, broken: SnakepitError | undefined): Promise<void> {
    const end = await withinThisTurn(this.#process.exited)
    await this.#lastWords()
    const exit = {
      code: end?.started ? end.code : undefined,
      signal: end?.started ? end.signal : undefined,
      lastLines: this.#lastLines.lines(this.#box?.read()),
      pid: this.#pid,
      rung: this.#rung,
    }
    const { id } = this.#settings
    // A broken rule, or a wire that broke while the process could not be ended, says more than the exit does.
    const says = broken?.code === 'protocol_error' || broken?.code === 'worker_unresponsive'
    const known = says || end?.started !== true ? (broken ?? wireClosed(id)) : undefined
    const error = ordered ? stopped(id) : (known ?? crashed(id, exit, broken))
    // First the news, then the ends of the calls: who hears that a call is over must not send the next one here.
    this.#emit({ type: 'exited', worker: id, exit, error: ordered ? undefined : error })
    this.#peer.close(error)
  }

  /** A fault of ours. Its calls may have run all the same. */
  async #serveFailed(cause: unknown): Promise<void> {
    const loss = wireClosed(this.#settings.id, cause)
    await this.#climb('unasked', loss)
    await this.#gone(false, loss)
  }

  async #startFailed(failure: StartFailure | 'stopped'): Promise<void> {
    await this.#climb('unasked')
    if (failure === 'stopped') return this.#gone(true, undefined)
    await this.#lastWords()
    const error = startFailed(this.#settings, failure, this.#lastLines.lines(this.#box?.read()))
    this.#peer.close(error)
    this.#emit({ type: 'start-failed', worker: this.#settings.id, error })
  }

  /** What a process wrote right before its end is read after its end, and says the most. */
  async #lastWords(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = time.setTimeout(resolve, patienceForOutput)
    })
    await Promise.race([this.#process.drained, late])
    time.clearTimeout(timer)
    this.#logs.flush()
    // Nothing is said after the end.
    this.#process.release()
  }

  /** Stops the process; one that nobody can talk to is not asked first, and its calls end with `loss` at once. */
  async #climb(how: 'asked' | 'unasked', loss?: SnakepitError): Promise<void> {
    if (await endsWithin(this.#process, 0)) return
    this.#rung = await stopProcess({
      process: this.#process,
      ask: how === 'asked' ? (graceMs) => this.#peer.shutdown(graceMs) : undefined,
      grace: this.#settings.stopGrace,
      onRung: (rung) => {
        this.#emit({ type: 'stopping', worker: this.#settings.id, rung })
        if (loss !== undefined) this.#peer.close(loss)
      },
    })
  }
}
