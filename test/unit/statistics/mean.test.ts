import fc from 'fast-check'
import { expect, test } from 'vitest'
import { random } from '../../../src/random.ts'
import { countMean, tallyOf } from '../../../src/statistics/mean.ts'
import { shareInterval } from '../../../src/statistics/share.ts'

test('tallyOf counts how many had 0, 1, 2 and so on', () => {
  expect(tallyOf([1, 1, 3, 0])).toEqual([1, 2, 0, 1])
  expect(tallyOf([])).toEqual([])
})

test('no data has no mean', () => {
  expect(countMean([], 3)).toBeUndefined()
  expect(countMean([0, 0], 3)).toBeUndefined()
})

test('three requests without a retry do not show that retries are rare', () => {
  // of 3 in 3, up to 1 - 0.025^(1/3) = 70.8 % may differ (more than Wilson's 56 %), and up to 2 more levels of that
  const high = 1 + 2 * (1 - 0.025 ** (1 / 3))
  expect(countMean([0, 3], 3)?.high).toBeCloseTo(high, 9)
  expect(countMean([0, 3], 3)?.mean).toBe(1)
})

test('1,000 requests without a retry bound the mean by 1 + 2 z²/(n + z²)', () => {
  expect(countMean([0, 1000], 3)?.high).toBeCloseTo(1 + (2 * 3.841459) / 1003.841459, 6)
})

test('with one or two attempts it is one share, shifted by one', () => {
  const retried = shareInterval(50, 1000)
  const found = countMean([0, 950, 50], 2)
  expect(found?.mean).toBeCloseTo(1.05, 12)
  expect(found?.high).toBeCloseTo(1 + retried.high, 12)
  expect(found?.low).toBeCloseTo(shareInterval(1000, 1000).low + retried.low, 12)
})

test('what was seen counts when it is more than the policy allows', () => {
  expect(countMean([0, 5, 0, 0, 5], 2)?.mean).toBe(2.5)
})

test('the interval holds the mean', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 6 }),
      (tally, most) => {
        const found = countMean(tally, most)
        if (found === undefined) return
        expect(found.low).toBeLessThanOrEqual(found.mean + 1e-9)
        expect(found.high).toBeGreaterThanOrEqual(found.mean - 1e-9)
      },
    ),
    { seed: 4 },
  )
})

test.each([{ fails: 0.02 }, { fails: 0.1 }, { fails: 0.5 }])(
  'the interval covers the mean of retried requests, $fails of the tries failing',
  ({ fails }) => {
    // Up to 3 tries: the mean is 1 + f + f²
    const truth = 1 + fails + fails * fails
    const RUNS = 1000
    const rng = random(12)
    const tries = () => (rng() >= fails ? 1 : rng() >= fails ? 2 : 3)
    let covered = 0
    for (let run = 0; run < RUNS; run++) {
      const found = countMean(tallyOf(Array.from({ length: 300 }, tries)), 3)
      if (found && found.low <= truth && truth <= found.high) covered++
    }
    expect(covered / RUNS).toBeGreaterThanOrEqual(0.95 - 4 * Math.sqrt((0.95 * 0.05) / RUNS))
  },
)
