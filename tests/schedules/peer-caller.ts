// A caller on a wire as a schedule lives it: begins, takes, leaves, each in steps of its own.
import fc from 'fast-check'
import { decodeValue, encodeValue } from '../../src/codec/msgpack.js'
import type { CallEnd, CallListener } from '../../src/peer/call-end.js'
import type { OutgoingCall } from '../../src/peer/outgoing-call.js'
import type { Peer } from '../../src/peer/peer.js'
import type { LedgerEvent } from '../support/call-ledger.js'
import { request } from '../support/peers.js'
import { type PlannedCall, type Stage, toolPlans } from './planned-tools.js'

/** One call: who makes it, what its tool does, how the caller reads, and when the caller leaves. */
export const callPlans = fc.record({
  ...toolPlans,
  from: fc.constantFrom('host' as const, 'host' as const, 'worker' as const),
  /** Items that the caller takes in one step. */
  burst: fc.integer({ min: 1, max: 3 }),
  /** Steps until the caller leaves; undefined for never. */
  leaveAfter: fc.oneof(fc.nat(30), fc.constant(undefined), fc.constant(undefined)),
})
type CallPlan = typeof callPlans extends fc.Arbitrary<infer T> ? T : never

/** Makes one call and writes down what it is told. */
export class PeerCaller implements CallListener, PlannedCall {
  readonly plan: CallPlan
  readonly nonce: string
  readonly #stage: Stage
  #call: OutgoingCall | undefined
  #end: CallEnd | undefined
  #wake: (() => void) | undefined
  hasLeft = false
  isOver = false
  taken = 0
  takenBytes = 0

  constructor(plan: CallPlan, nonce: string, stage: Stage) {
    this.plan = plan
    this.nonce = nonce
    this.#stage = stage
    stage.calls.set(nonce, this)
  }

  /** How the call ended for the one who listens. */
  get end(): CallEnd['type'] | undefined {
    return this.#end?.type
  }

  /** Makes the call and reads it to its end. */
  async live(peer: Peer): Promise<void> {
    const { nonce, plan } = this
    await this.#step('begins')
    this.#write('submit')
    this.#call = peer.call(request(plan.tool, { nonce }, plan.tool === 'stream' ? plan.window : undefined), this)
    if (plan.leaveAfter !== undefined) void this.#leaveAfter(plan.leaveAfter)
    while (!this.isOver) {
      if (this.#call.drained && this.#end === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
      await this.#step('reads')
      this.#read()
    }
  }

  /** The caller has no more use for the call. */
  leave(): void {
    const call = this.#call
    if (call === undefined || this.#end !== undefined || this.hasLeft) return
    this.hasLeft = true
    this.#write('abort')
    call.cancel('aborted')
    call.cancel('timeout')
    if (call.take() !== undefined) this.#broke('gave an item after it was cancelled')
  }

  itemsArrived(): void {
    if (this.#end !== undefined || this.hasLeft) this.#broke('told of items too late')
    this.#wake?.()
  }

  progressed(): void {
    this.#broke('told of progress that nobody made')
  }

  ended(end: CallEnd): void {
    if (this.#end !== undefined) this.#broke('ended twice')
    this.#end = end
    if (end.type === 'cancelled' && !this.hasLeft) this.#broke('was cancelled by nobody')
    // Who has left hears of the end at once, who reads when everything was read.
    if (this.hasLeft) this.#settle(end)
    this.#wake?.()
  }

  #read(): void {
    for (let left = this.plan.burst; left > 0 && !this.isOver; left--) {
      const chunk = this.#call?.take()
      if (chunk === undefined) break
      this.taken++
      this.takenBytes += encodeValue(chunk.data).length
      const { nonce, seq } = chunk.data as { nonce: string; seq: number }
      if (seq !== chunk.seq) this.#broke(`got item ${seq} as chunk ${chunk.seq}`)
      this.#write('chunk', { seq: chunk.seq, nonce })
    }
    if (this.#end !== undefined && this.#call?.drained === true) this.#settle(this.#end)
  }

  #settle(end: CallEnd): void {
    if (this.isOver) return
    this.isOver = true
    if (this.hasLeft) return this.#write('terminal', { outcome: 'cancelled', code: 'aborted' })
    switch (end.type) {
      case 'ok': {
        const { nonce } = decodeValue(end.value) as { nonce: string }
        return this.#write('terminal', { outcome: 'ok', nonce })
      }
      case 'error':
      case 'lost': {
        const { code, mayHaveRun } = end.error
        return this.#write('terminal', { outcome: 'error', code, mayHaveRun })
      }
      case 'cancelled':
        return this.#write('terminal', { outcome: 'cancelled' })
    }
  }

  async #leaveAfter(steps: number): Promise<void> {
    for (let left = steps; left > 0; left--) await this.#step('thinks')
    this.leave()
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
