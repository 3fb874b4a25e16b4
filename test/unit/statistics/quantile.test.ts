import { expect, test } from 'vitest'
import { random } from '../../../src/random.ts'
import { quantile, quantileInterval, quantileRanks } from '../../../src/statistics/quantile.ts'

const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1)

test.each([
  // nearest rank: ceil(p × n)
  { p: 0.5, n: 4, is: 2 },
  { p: 0.5, n: 5, is: 3 },
  { p: 0.9, n: 10, is: 9 },
  { p: 0.99, n: 200, is: 198 },
  { p: 0.99, n: 10, is: 10 },
  { p: 1, n: 7, is: 7 },
  // 0.07 × 100 = 7.000000000000001 in floating point
  { p: 0.07, n: 100, is: 7 },
])('the quantile $p of 1..$n is $is', ({ p, n, is }) => {
  expect(quantile(upTo(n), p)).toBe(is)
})

test('the median of 10 values lies between the 2nd and the 9th', () => {
  // P(X <= 1) = 11/1024 = 1.07 % <= 2.5 %, P(X <= 2) = 56/1024 = 5.5 % > 2.5 %; the other side mirrors it
  expect(quantileRanks(10, 0.5)).toEqual({ low: 2, high: 9 })
})

test('the 99th percentile has an upper bound from 368 values on', () => {
  // 0.99^367 = 2.502 %, 0.99^368 = 2.477 %
  expect(quantileInterval(upTo(367), 0.99).high).toBe(Number.POSITIVE_INFINITY)
  expect(quantileInterval(upTo(368), 0.99).high).toBe(368)
})

test('the median of five values has no bound at all: 0.5^5 = 3.1 % on each side', () => {
  expect(quantileInterval(upTo(5), 0.5)).toEqual({ low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY })
  expect(quantileInterval(upTo(6), 0.5)).toEqual({ low: 1, high: 6 })
})

test('values that never came are the largest', () => {
  const values = [...upTo(390), ...new Array<number>(10).fill(Number.POSITIVE_INFINITY)]
  expect(quantile(values, 0.5)).toBe(200)
  expect(quantile(values, 0.99)).toBe(Number.POSITIVE_INFINITY)
  expect(quantileInterval(values, 0.99).high).toBe(Number.POSITIVE_INFINITY)
})

test.each([
  { p: 0.5, n: 20 },
  { p: 0.9, n: 100 },
  { p: 0.99, n: 500 },
])('the interval covers the quantile $p at least 95 % of the time, n = $n', ({ p, n }) => {
  const RUNS = 2000
  const rng = random(11)
  let covered = 0
  for (let run = 0; run < RUNS; run++) {
    const { low, high } = quantileInterval(Float64Array.from({ length: n }, rng).sort(), p)
    if (low <= p && p <= high) covered++
  }
  // 4 standard deviations of a share of 95 % over RUNS draws: wrong once in 30,000 seeds
  expect(covered / RUNS).toBeGreaterThanOrEqual(0.95 - 4 * Math.sqrt((0.95 * 0.05) / RUNS))
})
