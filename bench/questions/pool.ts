// What does a call cost in the pool alone, with few and with many others waiting? Its workers answer in memory.
import { Observable } from 'rxjs'
import {
  Pool,
  type PoolOptions,
  type PoolRequest,
  resolvePoolOptions,
  type SessionTicket,
} from '../../src/pool/index.js'
import type { Lease } from '../../src/pool/request.js'
import type { WorkerEvent, WorkerHandle } from '../../src/worker/worker-event.js'
import type { Answer } from '../support/answer.js'

const rounds = 200_000
const limit = 10
const ok = { type: 'ok' } as const

/** Growing is at its bound, recycling counts and reads no memory, and both breakers listen. */
const upkeep: PoolOptions = {
  minSize: 2,
  maxSize: 4,
  recycle: { maxCalls: 1e9, maxAge: 1e9, maxMemory: 1e12 },
  breaker: {},
  toolBreaker: {},
}

export async function pool(): Promise<Answer[]> {
  return [
    answer('calls without a session', [0, 1, 1_000, 100_000], 0),
    answer('calls of 10,000 sessions, half of them strict', [1_000, 100_000], 10_000),
    answer('with scaling, recycling and breakers on', [0, 1_000, 100_000], 0, upkeep),
  ]
}

function answer(kind: string, waiting: readonly number[], sessions: number, extras: PoolOptions = {}): Answer {
  const costs = waiting.map((calls) => costOf(calls, sessions, extras))
  return {
    question: `microseconds per call in the pool, ${kind}`,
    figures: waiting
      .map((calls, index) => `${costs[index]?.toFixed(2)} with ${calls.toLocaleString('en-US')} waiting`)
      .join(', '),
    result: `${Math.max(...costs).toFixed(2)} us`,
    target: `under ${limit} us`,
    met: costs.every((cost) => cost < limit),
  }
}

/** The oldest lease comes back, which grants one that waits; a new call takes its place in the queue. */
function costOf(waiting: number, sessions: number, extras: PoolOptions): number {
  const subject = new Pool(resolvePoolOptions({ size: 4, maxQueue: 1_000_000, maxSessions: 1_000_000, ...extras }), {
    spawn: (id) =>
      new Observable<WorkerEvent>((subscriber) => subscriber.next({ type: 'ready', handle: handleOf(id) })),
  })
  void subject.start()
  const leases: Lease[] = []
  const tickets = Array.from({ length: Math.max(1, sessions) }, (_, n) => (sessions === 0 ? undefined : ticketOf(n)))
  const submit = (n: number) => subject.submit(new CostRequest(tickets[n % tickets.length], leases))
  for (let n = 0; n < waiting + 4; n++) submit(n)
  const turn = (n: number) => {
    leases.shift()?.release(ok)
    submit(n)
  }
  for (let n = 0; n < rounds / 4; n++) turn(n)
  const began = performance.now()
  for (let n = 0; n < rounds; n++) turn(n)
  return ((performance.now() - began) * 1000) / rounds
}

function ticketOf(n: number): SessionTicket {
  return { id: `session-${n}`, affinity: n % 2 === 0 ? 'strict_queue' : 'hint' }
}

function handleOf(id: string): WorkerHandle {
  return { info: { id, incarnation: `${id}#1` }, peer: {} } as unknown as WorkerHandle
}

class CostRequest implements PoolRequest {
  readonly tool = 'noop'
  readonly queueTimeout = 600_000
  readonly deadline = performance.now() + 1_000_000 + Math.random() * 1000

  constructor(
    readonly session: SessionTicket | undefined,
    readonly leases: Lease[],
  ) {}

  granted(lease: Lease): void {
    this.leases.push(lease)
  }

  refused(error: Error): void {
    throw error
  }
}
