import fc from 'fast-check'
import { expect, test } from 'vitest'
import { atLeast, atMost, clopperPearson } from '../../../src/statistics/binomial.ts'
import { compatibleCounts, compatibleShare } from '../../../src/statistics/compatible.ts'
import { shareInterval } from '../../../src/statistics/share.ts'
import { wilson } from '../../../src/statistics/wilson.ts'

const sample = fc.integer({ min: 1, max: 5000 }).chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n)))

/** P(the interval holds p), summed exactly over all outcomes of n draws. */
function coverage(interval: (x: number, n: number) => { low: number; high: number }, n: number, p: number): number {
  let sum = 0
  for (let x = 0; x <= n; x++) {
    const { low, high } = interval(x, n)
    if (low <= p && p <= high) sum += atMost(x, n, p) - atMost(x - 1, n, p)
  }
  return sum
}

test('atMost is the sum of the binomial probabilities', () => {
  // n = 5, p = 0.3: 0.7^5 = 0.16807; + 5 × 0.3 × 0.7^4 = 0.36015; + 10 × 0.09 × 0.343 = 0.3087
  expect(atMost(0, 5, 0.3)).toBeCloseTo(0.16807, 12)
  expect(atMost(1, 5, 0.3)).toBeCloseTo(0.52822, 12)
  expect(atMost(2, 5, 0.3)).toBeCloseTo(0.83692, 12)
  expect(atMost(5, 5, 0.3)).toBe(1)
  expect(atMost(-1, 5, 0.3)).toBe(0)
})

test('atLeast keeps small tails that a subtraction from 1 would lose', () => {
  // all of 100 draws at 1 %: 1e-200
  expect(atLeast(100, 100, 0.01) / 1e-200).toBeCloseTo(1, 6)
})

test('atMost and atLeast are two sides of one distribution', () => {
  fc.assert(
    fc.property(sample, fc.double({ min: 0.001, max: 0.999, noNaN: true }), ([x, n], p) => {
      expect(atMost(x - 1, n, p) + atLeast(x, n, p)).toBeCloseTo(1, 8)
    }),
    { seed: 1 },
  )
})

test.each([
  // n in n: low = n / (n + z²), z² = 3.841459
  { x: 10, n: 10, low: 10 / 13.841459, high: 1 },
  { x: 0, n: 10, low: 0, high: 3.841459 / 13.841459 },
  // the textbook case 81 of 263: (0.30798 + 0.0073031 ± 1.959964 × 0.029124) / 1.0146063
  { x: 81, n: 263, low: 0.2553, high: 0.3662 },
])('wilson($x, $n) is $low .. $high', ({ x, n, low, high }) => {
  expect(wilson(x, n).low).toBeCloseTo(low, 3)
  expect(wilson(x, n).high).toBeCloseTo(high, 3)
})

test('no data bounds nothing', () => {
  for (const interval of [wilson, clopperPearson, shareInterval]) expect(interval(0, 0)).toEqual({ low: 0, high: 1 })
})

test('clopperPearson ends where the exact tail is 2.5 %', () => {
  // n in n: low^n = 0.025; 0 in n: (1 - high)^n = 0.025
  expect(clopperPearson(20, 20).low).toBeCloseTo(0.025 ** (1 / 20), 10)
  expect(clopperPearson(0, 20).high).toBeCloseTo(1 - 0.025 ** (1 / 20), 10)
})

test('a share interval holds what was seen, stays in [0, 1] and grows with the hits', () => {
  fc.assert(
    fc.property(sample, ([x, n]) => {
      const { low, high } = shareInterval(x, n)
      expect(low).toBeGreaterThanOrEqual(0)
      expect(high).toBeLessThanOrEqual(1)
      expect(low).toBeLessThanOrEqual(x / n)
      expect(high).toBeGreaterThanOrEqual(x / n)
      if (x < n) {
        expect(shareInterval(x + 1, n).low).toBeGreaterThan(low)
        expect(shareInterval(x + 1, n).high).toBeGreaterThanOrEqual(high)
      }
    }),
    { seed: 2 },
  )
})

test('one more failure never raises either end', () => {
  fc.assert(
    fc.property(sample, ([x, n]) => {
      expect(shareInterval(x, n + 1).low).toBeLessThanOrEqual(shareInterval(x, n).low)
      expect(shareInterval(x, n + 1).high).toBeLessThanOrEqual(shareInterval(x, n).high)
    }),
    { seed: 3 },
  )
})

test.each([{ n: 5 }, { n: 20 }, { n: 100 }, { n: 200 }])(
  'the share interval covers at least 95 percent at every share, n = $n',
  ({ n }) => {
    // 99 shares; the sum over all outcomes is exact but for rounding, so the tolerance is rounding alone
    for (let p = 0.01; p < 1; p += 0.01) expect(coverage(shareInterval, n, p)).toBeGreaterThanOrEqual(0.95 - 1e-9)
  },
)

test('Wilson alone does not: one hit in 5 excludes shares that give it one time in 20', () => {
  expect(coverage(wilson, 5, 0.03)).toBeLessThan(0.9)
})

test.each([
  { met: 0, matched: 0, asked: 0.5, is: false },
  { met: 5, matched: 4, asked: 1, is: false },
  { met: 200, matched: 200, asked: 1, is: true },
  { met: 199, matched: 200, asked: 1, is: false },
  { met: 0, matched: 200, asked: 0.1, is: false },
  // 10 % of 2000: 200, standard deviation 13.4; 3.29 of them (99.9 %) are 44
  { met: 200, matched: 2000, asked: 0.1, is: true },
  { met: 240, matched: 2000, asked: 0.1, is: true },
  { met: 250, matched: 2000, asked: 0.1, is: false },
  { met: 150, matched: 2000, asked: 0.1, is: false },
  // none of 20 at 10 %: 0.9^20 = 12 % is nothing unusual
  { met: 0, matched: 20, asked: 0.1, is: true },
])('$met of $matched is compatible with $asked: $is', ({ met, matched, asked, is }) => {
  expect(compatibleShare(met, matched, asked)).toBe(is)
})

test('a sound fault is doubted at most once in a thousand', () => {
  for (const [n, p] of [
    [200, 0.1],
    [2000, 0.01],
    [50, 0.5],
  ] as const) {
    let doubted = 0
    for (let x = 0; x <= n; x++) if (!compatibleShare(x, n, p)) doubted += atMost(x, n, p) - atMost(x - 1, n, p)
    expect(doubted).toBeLessThanOrEqual(0.001)
  }
})

test.each([
  [1203, 0.1],
  [104, 0.1],
  [5, 0.1],
  [1, 0.5],
  [400, 1],
  [50_000, 0.001],
])('of %i, what is compatible with %d lies between two counts', (n, p) => {
  const { least, most } = compatibleCounts(n, p)
  for (const x of [least, most]) expect(compatibleShare(x, n, p)).toBe(true)
  for (const x of [least - 1, most + 1]) expect(compatibleShare(x, n, p)).toBe(false)
})
