// A caller of a pool as a schedule lives it: awaits, iterates or subscribes, and leaves in one of the ways there are.
import { CallRun } from '../../src/api/call-run.js'
import type { CallSpec } from '../../src/api/call-spec.js'
import { ChunkStream } from '../../src/api/chunk-stream.js'
import type { Retries } from '../../src/api/retries.js'
import { runToEnd } from '../../src/api/unary-call.js'
import { UnreadStreams } from '../../src/api/unread-streams.js'
import { encodeValue } from '../../src/codec/msgpack.js'
import { SnakepitError } from '../../src/errors/snakepit-error.js'
import type { Chunk } from '../../src/peer/chunk.js'
import type { Pool } from '../../src/pool/pool.js'
import type { LedgerEvent } from '../support/call-ledger.js'
import { turn } from '../support/within.js'
import type { PlannedCall, Stage } from './planned-tools.js'
import type { PoolCallPlan } from './pool-call-plan.js'

/** What calls run on. */
export interface Served {
  readonly pool: Pool
  readonly retries: Retries
}

const leaving = new Error('I leave')

/** Makes one call and writes down what it is given. */
export class PoolCaller implements PlannedCall {
  readonly plan: PoolCallPlan
  readonly nonce: string
  readonly controller: AbortController
  readonly #stage: Stage
  readonly #pool: Pool
  readonly #retries: Retries
  #leaveNow: (() => Promise<unknown>) | undefined
  #run: CallRun | undefined
  #hasLeft = false
  isBegun = false
  isOver = false
  taken = 0
  takenBytes = 0

  constructor(plan: PoolCallPlan, nonce: string, stage: Stage, { pool, retries }: Served, controller: AbortController) {
    this.plan = plan
    this.nonce = nonce
    this.controller = controller
    this.#stage = stage
    this.#pool = pool
    this.#retries = retries
    stage.calls.set(nonce, this)
    pool.facts$.subscribe((fact) => {
      const isGranted = fact.type === 'granted' && fact.request === this.#run
      if (isGranted && (this.isOver || this.#hasLeft)) this.#broke('was granted a worker that it had no use for')
    })
  }

  async live(): Promise<void> {
    const { plan } = this
    for (let left = plan.beginAfter; left > 0; left--) await this.#step('waits')
    await this.#step('begins')
    this.isBegun = true
    this.#write('submit')
    if (this.controller.signal.aborted) this.#noteLeave()
    if (plan.leave !== undefined && plan.leave.how !== 'at chunk') void this.#leaveAfter(plan.leave.after)
    switch (plan.way) {
      case 'execute':
        return this.#execute()
      case 'iterate':
        return this.#iterate()
      case 'subscribe':
        return this.#subscribe()
    }
  }

  /** The caller has no more use for the call, and says so in its way. */
  leave(): void {
    if (this.isOver || this.#hasLeft || !this.isBegun) return
    const leaveNow = this.plan.leave?.how === 'abort' ? undefined : this.#leaveNow
    if (leaveNow === undefined) return this.abort()
    this.#noteLeave()
    void leaveNow().then(() => this.#end({ outcome: 'cancelled', code: 'left' }))
  }

  /** The call's signal fires: whoever shares it leaves too. */
  abort(): void {
    this.controller.abort(leaving)
  }

  /** To be told before the signal is: the first listener on it. */
  noteAbort(): void {
    if (!this.isBegun || this.isOver || this.#hasLeft) return
    this.#noteLeave()
  }

  async #execute(): Promise<void> {
    try {
      const value = (await runToEnd(this.#pool, this.#spec(false))) as { nonce: string }
      this.#end({ outcome: 'ok', nonce: value.nonce })
    } catch (error) {
      this.#fail(error)
    }
  }

  async #iterate(): Promise<void> {
    const chunks = this.#stream()[Symbol.asyncIterator]() as AsyncIterator<Chunk, undefined>
    this.#leaveNow = async () => {
      if (this.plan.leave?.how !== 'throw') return chunks.return?.()
      await chunks.throw?.(leaving).catch(() => undefined)
    }
    // Who leaves at a chunk has not asked for the next one.
    const { leave, burst } = this.plan
    const length = leave?.how === 'at chunk' ? 1 : burst
    while (!this.isOver) {
      await this.#step('reads')
      const asked = Array.from({ length }, () =>
        chunks.next().then(
          (r) => this.#result(r),
          (e) => this.#fail(e),
        ),
      )
      await Promise.all(asked)
    }
    // For ever after there is nothing.
    const { done } = await chunks.next()
    if (done !== true) this.#broke('gave a chunk after its end')
  }

  #result({ done, value }: IteratorResult<Chunk, undefined>): void {
    if (done !== true) return this.#chunk(value)
    if (!this.isOver && !this.#hasLeft) this.#broke('was done without its final chunk')
  }

  #subscribe(): void {
    const subscription = this.#stream().subscribe({
      next: (chunk) => this.#chunk(chunk as Chunk),
      error: (error) => this.#fail(error),
      complete: () => {
        if (!this.isOver) this.#broke('was complete without its final chunk')
      },
    })
    this.#leaveNow = async () => subscription.unsubscribe()
  }

  #chunk(chunk: Chunk): void {
    const { nonce, seq } = chunk.data as { nonce: string; seq: number }
    if (chunk.isFinal) {
      if (chunk.seq !== this.taken) this.#broke(`got its final chunk as ${chunk.seq} after ${this.taken}`)
      this.#ranOn(chunk.metadata.worker_id)
      return this.#end({ outcome: 'ok', nonce })
    }
    if (seq !== chunk.seq) this.#broke(`got item ${seq} as chunk ${chunk.seq}`)
    this.taken++
    this.takenBytes += encodeValue(chunk.data).length
    this.#write('chunk', { seq: chunk.seq, nonce })
    if (this.plan.leave?.how === 'at chunk' && this.taken > this.plan.leave.after) this.leave()
  }

  #ranOn(id: string | undefined): void {
    const start = this.#stage.events.findLast(({ kind, call }) => kind === 'start' && call === this.nonce)
    if (start?.worker?.split('#')[0] !== id) this.#broke(`ran on ${start?.worker}, and is told ${id}`)
  }

  #fail(error: unknown): void {
    if (error === leaving) {
      if (!this.#hasLeft) this.#broke('was aborted by nobody')
      return this.#end({ outcome: 'cancelled', code: 'aborted' })
    }
    if (!(error instanceof SnakepitError)) return this.#broke(`failed with ${String(error)}`)
    // Whoever leaves is told so at once, and nothing else.
    if (this.#hasLeft) this.#broke(`failed with ${error.code} after it was left`)
    this.#end({ outcome: 'error', code: error.code, mayHaveRun: error.mayHaveRun })
  }

  #end(how: Partial<LedgerEvent>): void {
    this.isOver = true
    this.#write('terminal', how)
  }

  #noteLeave(): void {
    this.#hasLeft = true
    this.#write('abort')
  }

  async #leaveAfter(steps: number): Promise<void> {
    for (let left = steps; left > 0; left--) await this.#step('thinks')
    // A turn of its own: what was settled before has been told by then.
    await turn()
    this.leave()
  }

  #stream(): ChunkStream {
    return new ChunkStream({
      tool: 'stream',
      start: (owner) => {
        this.#run = new CallRun(this.#pool, this.#spec(true), owner)
        return this.#run
      },
      unread: new UnreadStreams(),
    })
  }

  #spec(isStream: boolean): CallSpec {
    const { tool, window, timeout, idleTimeout, queueTimeout, cancelGrace, session } = this.plan
    return {
      tool: tool === 'nowhere' ? tool : isStream ? 'stream' : 'value',
      arguments: encodeValue({ nonce: this.nonce }),
      window: isStream ? window : undefined,
      session: session && { id: `${session} session`, affinity: session },
      after: undefined,
      sessionMetadata: {},
      metadata: {},
      signal: this.controller.signal,
      timeout,
      isAccepted: false,
      standstill: Infinity,
      idleTimeout: idleTimeout ?? Infinity,
      queueTimeout,
      cancelGrace,
      retries: this.plan.isIdempotent ? this.#retries : undefined,
      poisonKey: undefined,
      onProgress: undefined,
    }
  }

  #step(does: string): Promise<unknown> {
    return this.#stage.step(`${this.nonce} ${does}`)
  }

  #write(kind: LedgerEvent['kind'], more: Partial<LedgerEvent> = {}): void {
    this.#stage.write('host', this.nonce, kind, more)
  }

  #broke(what: string): void {
    this.#stage.broken.push(`${this.nonce} ${what}`)
  }
}
