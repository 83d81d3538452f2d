// One worker, below the pool: real Python, with the bridge or with an impostor in its place.
import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Observable, Subject } from 'rxjs'
import { bridgePath } from '../../src/python/package-files.js'
import { worker$ } from '../../src/worker/worker.js'
import type { WorkerEvent } from '../../src/worker/worker-event.js'
import type { TransportSettings, WorkerSettings } from '../../src/worker/worker-settings.js'
import { misbehaving } from '../faults/kit/misbehaving-worker.js'
import { within } from '../support/within.js'

/** gRPC on a socket of its own. */
export const unixSocket: TransportSettings = { kind: 'grpc-unix', reason: 'the test says so' }

/** Settings of a worker with the given adapter; an impostor misbehaves in the way that it is named after. */
export function settingsOf(
  file: string,
  changes: Partial<WorkerSettings> & { impostor?: string } = {},
): WorkerSettings {
  const { impostor, ...rest } = changes
  const python = process.env.SNAKEPIT_PYTHON
  if (python === undefined) throw new Error('SNAKEPIT_PYTHON names no interpreter')
  const strange = impostor === undefined ? {} : misbehaving(impostor)
  const path = [bridgePath(), strange.PYTHONPATH].filter((entry) => entry !== undefined).join(delimiter)
  return {
    id: 'w-0',
    python,
    pythonVersion: '3.10.0',
    environment: {
      variables: { PATH: process.env.PATH ?? '', PYTHONDONTWRITEBYTECODE: '1', ...strange, PYTHONPATH: path },
      pythonPath: strange.PYTHONPATH,
      limits: {},
      heldBack: [],
    },
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    adapter: { written: file, source: { file }, attribute: undefined },
    transport: unixSocket,
    threads: undefined,
    startTimeout: 20_000,
    heartbeat: { interval: 2_000, timeout: 5_000 },
    stopGrace: 0,
    logs: { rate: 1000, redact: true },
    handler: (call) => call.cancelled(),
    ...rest,
  }
}

type EventOf<K extends WorkerEvent['type']> = Extract<WorkerEvent, { type: K }>

/** A worker that is being watched: everything it told, and the way to stop it. */
export class StartedWorker {
  readonly events: WorkerEvent[] = []
  readonly #stop = new Subject<void>()
  readonly #heard = new Subject<WorkerEvent>()
  readonly #completed: Promise<void>

  constructor(
    settings: WorkerSettings,
    source: (s: WorkerSettings, stop$: Observable<unknown>) => Observable<WorkerEvent> = worker$,
  ) {
    this.#completed = new Promise((resolve, reject) => {
      source(settings, this.#stop).subscribe({
        next: (event) => {
          this.events.push(event)
          this.#heard.next(event)
        },
        error: reject,
        complete: resolve,
      })
    })
  }

  /** The first event of a type, past or to come. */
  first<K extends WorkerEvent['type']>(
    type: K,
    fits: (event: EventOf<K>) => boolean = () => true,
  ): Promise<EventOf<K>> {
    const isIt = (event: WorkerEvent): event is EventOf<K> => event.type === type && fits(event as EventOf<K>)
    const past = this.events.find(isIt)
    if (past !== undefined) return Promise.resolve(past)
    const coming = new Promise<EventOf<K>>((resolve) => {
      this.#heard.subscribe((event) => isIt(event) && resolve(event))
    })
    return within(coming, `the event '${type}'`, 30_000)
  }

  /** Orders it to stop. */
  stop(): void {
    this.#stop.next()
  }

  /** Resolves when there is nothing more to tell. */
  ended(): Promise<void> {
    return within(this.#completed, 'the end of the worker', 30_000)
  }

  /** The rungs of the stop ladder that were climbed. */
  get rungs(): string[] {
    return this.events.flatMap((event) => (event.type === 'stopping' ? [event.rung] : []))
  }
}
