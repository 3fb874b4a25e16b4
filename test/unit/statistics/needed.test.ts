import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cleanNeeded, leastSamples, quantileNeeded, shareCanPass } from '../../../src/statistics/needed.ts'
import { quantileInterval } from '../../../src/statistics/quantile.ts'
import { shareInterval } from '../../../src/statistics/share.ts'

test.each([
  // z² T / (1 - T), z² = 3.841459
  { target: 0.999, is: 3838 }, // 3837.62
  { target: 0.99, is: 381 }, // 380.30
  { target: 0.95, is: 73 }, // 72.99
  { target: 0.5, is: 6 }, // the exact bound: ln 0.025 / ln 0.5 = 5.32, more than Wilson's 3.84
])('a share of $target needs $is clean samples', ({ target, is }) => {
  expect(cleanNeeded(target)).toBe(is)
})

test('no sample shows a share of 100 %', () => {
  expect(cleanNeeded(1)).toBe(Number.POSITIVE_INFINITY)
})

test('that number is the least whose interval reaches the share', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9999 }), (tenThousandths) => {
      const target = tenThousandths / 10_000
      const n = cleanNeeded(target)
      expect(shareInterval(n, n).low).toBeGreaterThanOrEqual(target - 1e-12)
      if (n > 1) expect(shareInterval(n - 1, n - 1).low).toBeLessThan(target)
    }),
    { seed: 5 },
  )
})

test.each([
  { p: 0.99, side: 'above', is: 368 },
  { p: 0.9, side: 'above', is: 36 },
  { p: 0.5, side: 'above', is: 6 },
  { p: 0.5, side: 'below', is: 6 },
  { p: 0.99, side: 'below', is: 1 },
] as const)('$is samples bound the quantile $p from $side', ({ p, side, is }) => {
  expect(quantileNeeded(p, side)).toBe(is)
  const end = (n: number) => quantileInterval(new Float64Array(n), p)[side === 'above' ? 'high' : 'low']
  expect(end(is)).toBe(0)
  if (is > 1) expect(Number.isFinite(end(is - 1))).toBe(false)
})

test('leastSamples finds where it becomes true', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e8 }), (n) => {
      expect(leastSamples((k) => k >= n)).toBe(n)
    }),
    { seed: 6 },
  )
  expect(leastSamples(() => false)).toBeUndefined()
})

test('a share between two limits can be shown only when an interval fits between them', () => {
  const limits = { low: 0.05, high: 0.15 }
  const passes = ({ low, high }: { low: number; high: number }) => low >= 0.05 && high <= 0.15
  // At 9 % the half width is 1.96 × sqrt(0.09 × 0.91 / n): 5 % needs about 125 to 160 requests
  expect(shareCanPass(100, limits, passes)).toBe(false)
  expect(shareCanPass(200, limits, passes)).toBe(true)
})
