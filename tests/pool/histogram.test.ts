// Latencies in fixed memory.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Histogram } from '../../src/pool/histogram.js'

test('API-09: percentiles are right to within 7 %', () => {
  const values = fc.array(fc.double({ min: 0.001, max: 3_600_000, noNaN: true }), { minLength: 1, maxLength: 300 })
  fc.assert(
    fc.property(values, fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1), (values, share) => {
      const histogram = new Histogram()
      for (const value of values) histogram.record(value)
      const sorted = values.toSorted((one, other) => one - other)
      const exact = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number
      const told = histogram.quantile(share)
      assert.ok(Math.abs(told - exact) <= 0.07 * exact + 0.001, `${told} for ${exact}`)
    }),
  )
})

test('API-09: nothing recorded is nothing told, and extremes do not break it', () => {
  const histogram = new Histogram()
  assert.equal(histogram.summary(), { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, max: 0 })
  for (const value of [0, -1, 1e-9, 1e12]) histogram.record(value)
  assert.is(histogram.summary().count, 4)
  assert.is(histogram.summary().max, 1e12)
})

test.run()
