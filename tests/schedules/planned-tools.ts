// Tools that do what a schedule planned for each call, in steps of their own, and write down what they do.
import fc from 'fast-check'
import { encodeValue } from '../../src/codec/msgpack.js'
import type { ServedCall } from '../../src/peer/serve-tools.js'
import { assertLawful, type LedgerEvent } from '../support/call-ledger.js'
import type { Tools } from '../support/peers.js'
import type { Step } from '../support/scheduled-wires.js'

/** What a tool does in one call, and how far it may go ahead. */
export const toolPlans = {
  tool: fc.oneof(
    { weight: 6, arbitrary: fc.constant('stream' as const) },
    { weight: 3, arbitrary: fc.constant('value' as const) },
    { weight: 1, arbitrary: fc.constant('nowhere' as const) },
  ),
  /** Bytes of each item. */
  items: fc.array(fc.nat(300), { maxLength: 6 }),
  /** Steps before each item, and before the end. */
  pace: fc.nat(2),
  /** `wait` is left only when it is cancelled. */
  ending: fc.oneof(
    { weight: 6, arbitrary: fc.constant('return' as const) },
    { weight: 2, arbitrary: fc.constant('raise' as const) },
    { weight: 1, arbitrary: fc.constant('wait' as const) },
  ),
  window: fc.record({
    items: fc.integer({ min: 1, max: 4 }),
    bytes: fc.oneof(fc.constant(1024 * 1024), fc.integer({ min: 1, max: 500 })),
  }),
}
type Drawn<T> = T extends fc.Arbitrary<infer V> ? V : never
export type ToolPlan = { readonly [K in keyof typeof toolPlans]: Drawn<(typeof toolPlans)[K]> }

/** A call as its tool knows it. */
export interface PlannedCall {
  readonly plan: ToolPlan
  /** What its reader has taken. */
  readonly taken: number
  readonly takenBytes: number
}

/** What all calls of one schedule share: the steps, the plans, and the ledger. */
export class Stage {
  readonly step: Step
  readonly events: LedgerEvent[] = []
  readonly calls = new Map<string, PlannedCall>()
  /** Laws broken where an assertion would be lost. */
  readonly broken: string[] = []

  constructor(step: Step) {
    this.step = step
  }

  write(side: LedgerEvent['side'], call: string, kind: LedgerEvent['kind'], more: Partial<LedgerEvent> = {}): void {
    this.events.push({ side, call, at: this.events.length, kind, ...more })
  }

  /** @throws Error that names what was broken, with the ledger */
  check(idempotent: (call: string) => boolean = () => false): void {
    const { broken, events } = this
    if (broken.length > 0) throw new Error([...broken, ...events.map((event) => JSON.stringify(event))].join('\n'))
    assertLawful(events, { idempotent })
  }
}

/** The tools of one worker. */
export class PlannedTools {
  readonly #stage: Stage
  readonly #worker: string
  /** The dead write nothing. */
  isDead = false
  /** Tools that were entered and not left. */
  running = 0
  /** Calls that wait to be cancelled. */
  readonly waiting = new Set<string>()

  constructor(stage: Stage, worker: string) {
    this.#stage = stage
    this.#worker = worker
  }

  readonly tools: Tools = {
    value: async ({ nonce }, { signal }: ServedCall) => {
      const call = String(nonce)
      this.#enter(call)
      try {
        await this.#end(call, signal)
        return { nonce }
      } finally {
        this.#leave(call)
      }
    },
    stream: ({ nonce }, { signal }: ServedCall) => this.#stream(String(nonce), signal),
  }

  async *#stream(nonce: string, signal: AbortSignal): AsyncGenerator<unknown, unknown> {
    const call = this.#stage.calls.get(nonce) as PlannedCall
    const { items, window, pace } = call.plan
    this.#enter(nonce)
    try {
      let bytes = 0
      for (const [seq, size] of items.entries()) {
        if (seq - call.taken >= window.items) this.#stage.broken.push(`${nonce} is ${seq - call.taken} items ahead`)
        if (bytes - call.takenBytes >= window.bytes) this.#stage.broken.push(`${nonce} is ahead of the byte window`)
        for (let left = pace; left > 0; left--) await this.#stage.step(`${nonce} works`)
        const item = { nonce, seq, pad: 'x'.repeat(size) }
        bytes += encodeValue(item).length
        this.#write(nonce, 'yield', { seq })
        yield item
      }
      await this.#end(nonce, signal)
      return { nonce }
    } finally {
      this.#leave(nonce)
    }
  }

  async #end(nonce: string, signal: AbortSignal): Promise<void> {
    const { pace, ending } = (this.#stage.calls.get(nonce) as PlannedCall).plan
    for (let left = pace; left > 0; left--) await this.#stage.step(`${nonce} works`)
    if (ending === 'raise') throw new Error('no')
    if (ending === 'return' || signal.aborted) return
    this.waiting.add(nonce)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    this.waiting.delete(nonce)
  }

  #enter(nonce: string): void {
    this.running++
    this.#write(nonce, 'start')
  }

  #leave(nonce: string): void {
    this.running--
    this.#write(nonce, 'end')
  }

  #write(nonce: string, kind: LedgerEvent['kind'], more: Partial<LedgerEvent> = {}): void {
    if (!this.isDead) this.#stage.write('worker', nonce, kind, { worker: this.#worker, ...more })
  }
}
