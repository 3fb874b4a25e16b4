import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LatencyHistogram, RELATIVE_ERROR } from '../../../src/statistics/latency-histogram.ts'
import { quantile } from '../../../src/statistics/quantile.ts'

/** Rounding of the logarithm at the edge of a bucket. */
const SLACK = 1e-9

const latencies = fc.array(fc.double({ min: 0.01, max: 3_600_000, noNaN: true }), { minLength: 1, maxLength: 300 })

function histogramOf(values: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram()
  for (const value of values) histogram.add(value)
  return histogram
}

test('every quantile is within the relative error of the exact one', () => {
  expect(RELATIVE_ERROR).toBeLessThan(0.02)
  fc.assert(
    fc.property(latencies, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, p) => {
      const exact = quantile(Float64Array.from(values).sort(), p)
      const seen = histogramOf(values).quantile(p) as number
      expect(Math.abs(seen - exact) / exact).toBeLessThanOrEqual(RELATIVE_ERROR + SLACK)
    }),
  )
})

test('two histograms merged are that of all their latencies', () => {
  fc.assert(
    fc.property(latencies, latencies, (some, others) => {
      const merged = histogramOf(some)
      merged.merge(histogramOf(others))
      const whole = histogramOf([...some, ...others])
      for (const p of [0.5, 0.99]) expect(merged.quantile(p)).toBe(whole.quantile(p))
      expect(merged.count).toBe(some.length + others.length)
    }),
  )
})

test('nothing has no quantile, and no latency is too small or too large', () => {
  const histogram = new LatencyHistogram()
  expect(histogram.quantile(0.5)).toBeNull()
  for (const odd of [-1, 0, 1e12]) histogram.add(odd)
  expect(histogram.quantile(0.5)).toBe(0.01)
  expect(histogram.quantile(1)).toBeGreaterThanOrEqual(3_600_000)
  histogram.clear()
  expect([histogram.count, histogram.quantile(0.5)]).toEqual([0, null])
})
