// What a call of a pool may be like, as fast-check makes it up.
import fc from 'fast-check'
import { toolPlans } from './planned-tools.js'

/** One call. Times are milliseconds of the hand clock. */
export const poolCallPlans = fc.record({
  ...toolPlans,
  way: fc.constantFrom('execute' as const, 'iterate' as const, 'iterate' as const, 'subscribe' as const),
  /** Steps before the call is made. */
  beginAfter: fc.nat(12),
  /** `next()` calls at a time. */
  burst: fc.integer({ min: 1, max: 3 }),
  leave: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.record({ how: fc.constant('at chunk' as const), after: fc.nat(4) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        how: fc.constantFrom('abort' as const, 'return' as const, 'throw' as const),
        after: fc.nat(30),
      }),
    },
  ),
  timeout: fc.constantFrom(40, 300, 60_000, 60_000, 60_000),
  idleTimeout: fc.constantFrom(30, undefined, undefined),
  queueTimeout: fc.constantFrom(0, 50, 10_000, 10_000, 10_000, 10_000),
  cancelGrace: fc.constantFrom(20, 5000),
  isIdempotent: fc.boolean(),
  session: fc.constantFrom(undefined, undefined, undefined, 'hint' as const, 'strict_queue' as const),
})

/** One call, as it was drawn. */
export type PoolCallPlan = typeof poolCallPlans extends fc.Arbitrary<infer T> ? T : never
