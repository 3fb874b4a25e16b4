import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exponential, random } from '../../../src/random.ts'
import { throughput } from '../../../src/statistics/throughput.ts'

/** So many, evenly over the span. */
const even = (count: number) => Array.from({ length: count }, (_, i) => i / count)

describe('successes per second', () => {
  test('without requests, or without time, there is nothing to say', () => {
    expect(throughput([], 0, 10)).toBeUndefined()
    expect(throughput([], 5, 0)).toBeUndefined()
  })

  // All of 800 in 4 s: at least 800 / (800 + 3.84) = 99.52 % of 200/s by Wilson; the twenty stretches have 40 each.
  test('a steady stream that always succeeds has a narrow interval, which is no point', () => {
    const { mean, low, high } = throughput(even(800), 0, 4) as { mean: number; low: number; high: number }
    expect(mean).toBe(200)
    expect(low).toBeCloseTo(199.04, 1)
    expect(high).toBe(200)
  })

  // None of 100 in 10 s: a share of up to 3.7 % (exactly, 1 - 0.025^(1/100) = 3.62 %; by Wilson 3.84 / 103.84), so up to 0.37/s.
  test('where nothing succeeds, a little might have', () => {
    expect(throughput([], 100, 10)).toEqual({ mean: 0, low: 0, high: expect.closeTo(0.37, 3) })
  })

  // Half of the span has nothing: ten stretches of 80 and ten of 0 vary by 41 around 40, so 2.093 × 41 / √20 = 19.2 of 40.
  test('a rate that breaks down has a wide interval, though every request succeeds', () => {
    const half = even(800).map((position) => position / 2)
    const { mean, low, high } = throughput(half, 0, 4) as { mean: number; low: number; high: number }
    expect(mean).toBe(200)
    expect((high - low) / 2 / mean).toBeCloseTo(19.2 / 40, 2)
  })

  test('the mean lies in its interval, which is never below zero', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { maxLength: 60 }), fc.nat(60), (positions, failures) => {
        const rate = throughput(positions, failures, 3)
        if (rate === undefined) return
        expect(rate.low).toBeLessThanOrEqual(rate.mean + 1e-9)
        expect(rate.high).toBeGreaterThanOrEqual(rate.mean - 1e-9)
        expect(rate.low).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  // Of 400 runs with Poisson arrivals of 100/s, of which 70 % succeed, 95 % must hold 70/s: at least 363, a bound that a
  // coverage of exactly 95 % would miss one time in a thousand (380 - 3.1 × √(400 × 0.05 × 0.95) = 366.5).
  test('covers the true rate as often as it says', () => {
    let held = 0
    for (let run = 0; run < 400; run++) {
      const rng = random(run + 1)
      const positions: number[] = []
      let failures = 0
      for (let at = exponential(rng, 0.01); at < 5; at += exponential(rng, 0.01)) {
        if (rng() < 0.7) positions.push(at / 5)
        else failures++
      }
      const rate = throughput(positions, failures, 5)
      if (rate && rate.low <= 70 && 70 <= rate.high) held++
    }
    expect(held).toBeGreaterThanOrEqual(366)
  })
})
