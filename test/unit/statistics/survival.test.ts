import { expect, test } from 'vitest'
import { random } from '../../../src/random.ts'
import { clopperPearson } from '../../../src/statistics/binomial.ts'
import { LatencyHistogram } from '../../../src/statistics/latency-histogram.ts'
import { survival } from '../../../src/statistics/survival.ts'

function histogram(values: readonly number[]): LatencyHistogram {
  const made = new LatencyHistogram()
  for (const value of values) made.add(value)
  return made
}
const times = (n: number, value: number) => Array.from({ length: n }, () => value)

test('where nothing was cut, it is the share that lasts longer, and the bound is the exact binomial one', () => {
  const steps = survival(histogram([...times(90, 10), ...times(8, 20), ...times(2, 40)]), histogram([]))
  expect(steps.map(({ share }) => share)).toEqual([expect.closeTo(0.1), expect.closeTo(0.02), expect.closeTo(0)])
  expect(steps.map(({ atMost }) => atMost)).toEqual([
    expect.closeTo(clopperPearson(10, 100).high, 6),
    expect.closeTo(clopperPearson(2, 100).high, 6),
    expect.closeTo(clopperPearson(0, 100).high, 6),
  ])
})

test('what was cut counts as longer until then, and for nothing after', () => {
  // 1 of 4 ends; one is cut; then 1 of 2 ends: 3/4 and 3/4 × 1/2.
  const steps = survival(histogram([10, 30, 50]), histogram([20]))
  expect(steps.map(({ share }) => share)).toEqual([0.75, 0.375, 0])
})

test('cut and ended in one bucket, the cut one is there until the end of it', () => {
  expect(survival(histogram([10]), histogram([10])).map(({ share }) => share)).toEqual([0.5])
})

test('beyond the limit that cut them no share is smaller than that of those it cut', () => {
  const steps = survival(histogram(times(990, 10)), histogram(times(10, 100)))
  expect(steps.map(({ share }) => share)).toEqual([expect.closeTo(0.01)])
})

test('of an exponential law that is cut at random, each share lies below its bound and near the law', () => {
  const draw = random(4)
  const [ended, cut] = [new LatencyHistogram(), new LatencyHistogram()]
  for (let i = 0; i < 20_000; i++) {
    const [own, limit] = [-100 * Math.log1p(-draw()), -300 * Math.log1p(-draw())]
    if (own <= limit) ended.add(own)
    else cut.add(limit)
  }
  for (const { ms, share, atMost } of survival(ended, cut).filter(({ ms }) => ms > 20 && ms < 300)) {
    // exp(-ms/100), within four standard deviations of a share of some 10,000.
    expect(Math.abs(share - Math.exp(-ms / 100))).toBeLessThan(0.02)
    expect(atMost).toBeGreaterThan(share)
    expect(atMost).toBeGreaterThan(Math.exp(-ms / 100))
  }
})

test('those that were cut say nothing of the time after: the bound is that of those who are left', () => {
  // One of a hundred is left, nine were cut before it: 1 at risk for 1 % is as good as 100 samples, of which none is longer.
  const last = survival(histogram([...times(990, 10), 50]), histogram(times(9, 20))).at(-1)
  expect(last).toEqual({ ms: expect.any(Number), share: 0, atMost: expect.closeTo(clopperPearson(0, 100).high, 6) })
})

test('without an end nothing is known', () => {
  expect(survival(histogram([]), histogram([10]))).toEqual([])
})
