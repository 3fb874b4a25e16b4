import { expect, test } from 'vitest'
import { differenceOfEnds, shareDifference } from '../../../src/statistics/difference.ts'
import { wilson } from '../../../src/statistics/wilson.ts'

const share = (successes: number, n: number) => ({ value: successes / n, ...wilson(successes, n) })

test('the difference of shares has the intervals that Newcombe published (1998, table II, method 10)', () => {
  // 56 of 70 above 48 of 80; 9 of 10 above 3 of 10; 10 of 10 above 0 of 20.
  const published: [number, number, number, number, number, number][] = [
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [10, 10, 0, 20, 0.6791, 1],
  ]
  for (const [x, m, y, n, low, high] of published) {
    const difference = shareDifference(share(y, n), share(x, m))
    expect(difference.low).toBeCloseTo(low, 4)
    expect(difference.high).toBeCloseTo(high, 4)
  }
})

test('the other way round it is the same with the other sign', () => {
  const [there, back] = [shareDifference(share(3, 9), share(40, 50)), shareDifference(share(40, 50), share(3, 9))]
  expect(back.value).toBeCloseTo(-there.value, 12)
  expect(back.low).toBeCloseTo(-there.high, 12)
  expect(back.high).toBeCloseTo(-there.low, 12)
})

test('intervals that touch leave 0 in the difference, and those that do not leave it out', () => {
  const estimate = (low: number, value: number, high: number) => ({ low, value, high })
  expect(differenceOfEnds(estimate(1, 2, 3), estimate(3, 4, 5))).toEqual(estimate(0, 2, 4))
  expect(differenceOfEnds(estimate(1, 2, 3), estimate(4, 4, 5))).toEqual(estimate(1, 2, 4))
  expect(differenceOfEnds(estimate(1, 2, 3), estimate(1, 2, Number.POSITIVE_INFINITY)).high).toBe(Number.POSITIVE_INFINITY)
})
