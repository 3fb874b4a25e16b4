import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dueTimes } from '../../../src/plan/arrivals.ts'
import { expectedIn, type Stretch } from '../../../src/scenario/shape.ts'

/** Two standard normal tails of 0.05 % each: an interval that holds 999 times in 1,000. */
const Z999 = 3.29

const stretch = (seconds: number, from: number, to = from, bursts?: Stretch['bursts']) =>
  ({ ms: seconds * 1000, from, to, bursts }) as Stretch
const due = (stretches: readonly Stretch[], arrivals: 'constant' | 'poisson' = 'constant', seed = 1) => [
  ...dueTimes(stretches, arrivals, seed),
]

/** How many requests are expected up to a time: the area below the rate, added up in small steps. */
function expectedUntil(ms: number, stretches: readonly Stretch[]): number {
  let [sum, start] = [0, 0]
  for (const { ms: length, from, to } of stretches) {
    const t = Math.min(Math.max(ms - start, 0), length)
    sum += ((from + (from + ((to - from) * t) / length)) / 2) * (t / 1000)
    start += length
  }
  return sum
}

describe('constant arrivals', () => {
  test('are even at one rate: request i is due at i / rate, to the last bit', () => {
    expect(due([stretch(3, 7)])).toEqual(Array.from({ length: 21 }, (_, i) => (i * 1000) / 7))
    expect(due([stretch(1, 333), stretch(2, 333)]).length).toBe(999)
  })

  // From 0 to 100/s in 10 s the rate grows by 10/s each second: t²·5 requests come within t seconds, 500 in all.
  test('of a ramp come where the area below the rate says', () => {
    const times = due([stretch(10, 0, 100)])
    expect(times.length).toBe(500)
    for (const [i, at] of times.entries()) expect(at).toBeCloseTo(Math.sqrt(i / 5) * 1000, 6)
  })

  // From 100/s to 0 the last request is the one at which 499 of 500 have come: sqrt(1/5) s before the end.
  test('of a ramp down to nothing end before its end', () => {
    expect(due([stretch(10, 100, 0)]).at(-1)).toBeCloseTo(10_000 - Math.sqrt(1 / 5) * 1000, 6)
  })

  test('of steps go on evenly in each of them', () => {
    expect(due([stretch(1, 4), stretch(1, 2), stretch(1, 4)])).toEqual([0, 250, 500, 750, 1000, 1500, 2000, 2250, 2500, 2750])
  })

  test('stop where the rate is zero, and go on after it', () => {
    expect(due([stretch(1, 2), stretch(5, 0), stretch(1, 2)])).toEqual([0, 500, 6000, 6500])
    expect(due([stretch(1, 0), stretch(1, 2)])).toEqual([1000, 1500])
    expect(due([stretch(1, 0)])).toEqual([])
  })
})

const anyStretch = fc
  .record({ seconds: fc.integer({ min: 1, max: 20 }), from: fc.integer({ min: 0, max: 60 }), to: fc.integer({ min: 0, max: 60 }) })
  .map(({ seconds, from, to }) => stretch(seconds / 4, from, to))

test('in any shape request i is due when i are expected, and all are within the load and in order', () => {
  fc.assert(
    fc.property(fc.array(anyStretch, { minLength: 1, maxLength: 5 }), (stretches) => {
      const times = due(stretches)
      const total = stretches.reduce((sum, each) => sum + expectedIn(each), 0)
      const length = stretches.reduce((sum, each) => sum + each.ms, 0)
      expect(times.length).toBe(Math.max(0, Math.ceil(total - 1e-9)))
      for (const [i, at] of times.entries()) {
        expect(expectedUntil(at, stretches)).toBeCloseTo(i, 5)
        expect(at).toBeLessThanOrEqual(length)
        expect(at).toBeGreaterThanOrEqual(times[i - 1] ?? 0)
      }
    }),
  )
})

// On the line of expected requests the gaps of a Poisson process are exponential with the mean 1, whatever the shape.
test.each([1, 2, 3])('Poisson arrivals follow the shape (seed %i)', (seed) => {
  const stretches = [stretch(10, 0, 1000), stretch(5, 1000), stretch(10, 500, 100)]
  // 5,000 on the way up, 5,000 on the plateau, 3,000 on the way down.
  const times = due(stretches, 'poisson', seed)
  expect(Math.abs(times.length - 13_000)).toBeLessThan(Z999 * Math.sqrt(13_000))
  const places = times.map((at) => expectedUntil(at, stretches))
  const gaps = places.map((place, i) => place - (places[i - 1] ?? 0))
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / (gaps.length - 1)
  expect(Math.abs(mean - 1)).toBeLessThan(Z999 / Math.sqrt(gaps.length))
  expect(Math.abs(variance - 1)).toBeLessThan(Z999 * Math.sqrt(8 / gaps.length))
  const early = times.filter((at) => at < 10_000).length
  expect(Math.abs(early - 5000)).toBeLessThan(Z999 * Math.sqrt(5000))
})

describe('bursts', () => {
  test('come besides the rate, the first at the start of their stretch, in order with all others', () => {
    const times = due([stretch(1, 2), stretch(2, 1, 1, { size: 3, every: 1000 as never })])
    expect(times).toEqual([0, 500, 1000, 1000, 1000, 1000, 2000, 2000, 2000, 2000])
  })

  test('alone, where the rate is zero', () => {
    expect(due([stretch(1, 0, 0, { size: 2, every: 400 as never })], 'poisson')).toEqual([0, 0, 400, 400, 800, 800])
    expect(expectedIn(stretch(1, 0, 0, { size: 2, every: 400 as never }))).toBe(6)
  })
})
