import { describe, expect, test } from 'vitest'
import { meanOf, serviceTimes } from '../../../src/predict/service.ts'
import type { Latency } from '../../../src/upstream/spec.ts'

const beyond = (latency: Latency, ms: number) => serviceTimes(latency).reduce((sum, one) => sum + (one.ms > ms ? one.chance : 0), 0)

test('a fixed time is one entry', () => expect(serviceTimes({ kind: 'fixed', ms: 20 })).toEqual([{ chance: 1, ms: 20 }]))

test.each<Latency>([
  { kind: 'exponential', mean: 20 },
  { kind: 'log-normal', p50: 20, p99: 90 },
  { kind: 'samples', ms: [1, 2, 2, 400] },
])('the chances of $kind add up to 1', (latency) =>
  expect(serviceTimes(latency).reduce((sum, { chance }) => sum + chance, 0)).toBeCloseTo(1, 6),
)

describe('a share of the values lies beyond a limit', () => {
  // exp(-t / mean)
  test.each([
    [20, Math.exp(-1)],
    [60, Math.exp(-3)],
    [120, Math.exp(-6)],
  ])('exponential, mean 20 ms, beyond %i ms', (ms, share) => expect(beyond({ kind: 'exponential', mean: 20 }, ms)).toBeCloseTo(share, 2))

  // By its own definition; 0.62 % of a normal distribution lie beyond 2.5 standard deviations, each a factor e^(ln 4.5 / 2.326) = 1.909.
  test.each([
    [20, 0.5],
    [90, 0.01],
    [20 * 1.909 ** 2.5, 0.0062],
  ])('log-normal, p50 20 ms, p99 90 ms, beyond %d ms', (ms, share) =>
    expect(beyond({ kind: 'log-normal', p50: 20, p99: 90 }, ms)).toBeCloseTo(share, 2),
  )

  test('samples, as they are', () => expect(beyond({ kind: 'samples', ms: [1, 2, 3, 400] }, 100)).toBe(0.25))
})

// e^(σ²/2) × p50 = 20 ms × e^(0.6466² / 2)
test.each<[Latency, number]>([
  [{ kind: 'fixed', ms: 20 }, 20],
  [{ kind: 'exponential', mean: 20 }, 20],
  [{ kind: 'log-normal', p50: 20, p99: 90 }, 20 * Math.exp((Math.log(4.5) / 2.3263) ** 2 / 2)],
  [{ kind: 'samples', ms: [10, 30] }, 20],
])('the mean of %j', (latency, mean) => expect(meanOf(serviceTimes(latency)) / mean).toBeCloseTo(1, 2))
