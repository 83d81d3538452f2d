// What can happen to a pool in the model, as fast-check makes it up.
import fc from 'fast-check'
import type { Affinity, LeaseOutcome } from '../../src/pool/request.js'
import type { Liveliness } from '../../src/worker/life-sign.js'
import { deviceOutOfMemory } from './scripted-pool.js'

/** The sessions there can be. */
export const sessions = ['red', 'green', 'blue'] as const
/** The pool's crash barrier. */
export const barrier = { crashes: 2, within: 3000 }

/** What can happen to a pool. Numbers choose among what there is at that moment. */
export type Act =
  | {
      type: 'submit'
      session: string | undefined
      affinity: Affinity
      queueTimeout: number
      timeout: number
      tool: string
      reacts: number
    }
  | { type: 'withdraw' | 'leave' | 'ready' | 'give-up' | 'fail-start'; which: number }
  | { type: 'release'; which: number; how: LeaseOutcome }
  /** Calls hear of the end of their worker before the pool does, or after it. */
  | { type: 'crash'; which: number; callsFirst: boolean }
  | { type: 'sign'; which: number; sign: Liveliness }
  | { type: 'grow-fat'; which: number }
  | { type: 'end' | 'renew'; session: string }
  | { type: 'pass' | 'stall'; time: number }

const which = fc.nat(20)
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('submit' as const),
      session: fc.constantFrom(undefined, ...sessions),
      affinity: fc.constantFrom<Affinity>('hint', 'strict_queue', 'strict_fail_fast'),
      queueTimeout: fc.constantFrom(0, 20, 1000, Infinity),
      timeout: fc.constantFrom(0, 30, 500, Infinity),
      tool: fc.constantFrom('train', 'infer', 'embed', 'plot', 'load'),
      reacts: fc.nat(9),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('release' as const),
      which,
      how: fc.oneof(
        { weight: 6, arbitrary: fc.constant<LeaseOutcome>({ type: 'ok' }) },
        { weight: 1, arbitrary: fc.constant<LeaseOutcome>({ type: 'cancelled' }) },
        { weight: 1, arbitrary: fc.constant<LeaseOutcome>({ type: 'error', error: new Error('no') }) },
        { weight: 1, arbitrary: fc.constant<LeaseOutcome>({ type: 'error', error: deviceOutOfMemory() }) },
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('withdraw' as const), which }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('crash' as const), which, callsFirst: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom('leave' as const, 'give-up' as const, 'fail-start' as const, 'grow-fat' as const),
      which,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('sign' as const),
      which,
      sign: fc.constantFrom<Liveliness>('responsive', 'busy', 'late', 'hung'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('ready' as const), which }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constantFrom('end' as const, 'renew' as const),
      session: fc.constantFrom(...sessions),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom('pass' as const, 'stall' as const),
      time: fc.constantFrom(1, 25, 400, 5000),
    }),
  },
)
/** The options of a pool, and what happens to it. */
export const life = fc.record({
  size: fc.integer({ min: 1, max: 3 }),
  more: fc.integer({ min: 0, max: 2 }),
  recycle: fc.record({
    maxCalls: fc.constantFrom(2, 5, Infinity),
    maxAge: fc.constantFrom(3000, Infinity),
    maxMemory: fc.constantFrom(1000, Infinity),
    atOnce: fc.constantFrom(1, 2),
  }),
  toolBreaker: fc.constantFrom(false as const, { failures: 2, within: 2000, cooldown: 500, halfOpenCalls: 1 }),
  concurrency: fc.integer({ min: 1, max: 2 }),
  maxQueue: fc.constantFrom(0, 3, 100),
  maxSessions: fc.constantFrom(2, 10),
  acts: fc.array(act, { minLength: 5, maxLength: 120 }),
})

export type Life = typeof life extends fc.Arbitrary<infer T> ? T : never
