// What a call costs in the pool alone, with 1, 1 000 and 100 000 others waiting. Run: node --import tsx tests/pool/cost.ts
import { Observable } from 'rxjs'
import { systemClock } from '../../src/pool/clock.js'
import { Pool } from '../../src/pool/pool.js'
import type { PoolOptions } from '../../src/pool/pool-options.js'
import { resolvePoolOptions } from '../../src/pool/pool-settings.js'
import type { Lease, PoolRequest, SessionTicket } from '../../src/pool/request.js'
import type { WorkerEvent } from '../../src/worker/worker-event.js'
import { handleOf } from './scripted-pool.js'

const ok = { type: 'ok' } as const

class CostRequest implements PoolRequest {
  readonly tool = 'noop'
  readonly deadline: number
  readonly queueTimeout = 600_000

  constructor(
    readonly session: SessionTicket | undefined,
    readonly onLease: (lease: Lease) => void,
  ) {
    this.deadline = performance.now() + 1_000_000 + Math.random() * 1000
  }

  granted(lease: Lease): void {
    this.onLease(lease)
  }

  refused(error: Error): void {
    throw error
  }
}

function measure(label: string, waiting: number, sessions: number, extras: PoolOptions = {}, rounds = 200_000): void {
  const pool = new Pool(resolvePoolOptions({ size: 4, maxQueue: 1_000_000, maxSessions: 1_000_000, ...extras }), {
    clock: systemClock,
    spawn: (id) =>
      new Observable<WorkerEvent>((subscriber) => {
        subscriber.next({ type: 'ready', handle: handleOf(id) })
      }),
  })
  void pool.start()
  const leases: Lease[] = []
  const take = (lease: Lease) => void leases.push(lease)
  const ticketOf = (n: number): SessionTicket | undefined =>
    sessions === 0 ? undefined : { id: `s${n % sessions}`, affinity: n % 2 ? 'hint' : 'strict_queue' }
  const tickets = Array.from({ length: Math.max(1, sessions) }, (_, n) => ticketOf(n))
  const submit = (n: number) => pool.submit(new CostRequest(tickets[n % tickets.length], take))
  for (let n = 0; n < waiting + 4; n++) submit(n)
  let n = 0
  const turn = () => {
    // The oldest lease comes back, which grants one that waits; a new call takes its place in the queue.
    const lease = leases.shift()
    lease?.release(ok)
    submit(n++)
  }
  for (let warm = 0; warm < 50_000; warm++) turn()
  const start = performance.now()
  for (let round = 0; round < rounds; round++) turn()
  const micros = ((performance.now() - start) * 1000) / rounds
  const { queued, running } = pool.stats()
  console.log(
    `${label.padEnd(34)} ${String(queued).padStart(7)} waiting, ${running} running: ${micros.toFixed(2)} us per call`,
  )
}

for (const waiting of [0, 1, 1000, 100_000]) measure('calls without a session', waiting, 0)
for (const waiting of [1, 1000, 100_000]) measure('calls of 100 sessions, half strict', waiting, 100)
for (const waiting of [1000, 100_000]) measure('calls of 10 000 sessions', waiting, 10_000)

// Growing is at its bound, recycling counts and reads no memory, and both breakers listen.
const everything: PoolOptions = {
  minSize: 2,
  maxSize: 4,
  recycle: { maxCalls: 1e9, maxAge: 1e9, maxMemory: 1e12 },
  breaker: {},
  toolBreaker: {},
}
for (const waiting of [0, 1000, 100_000]) measure('all upkeep and guards on', waiting, 0, everything)
