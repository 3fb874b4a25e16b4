import { expect, test } from 'vitest'
import { atLeast, atMost } from '../../../src/statistics/binomial.ts'
import { distributionOf, tailsOf } from '../../../src/statistics/poisson-binomial.ts'

test('draws of one chance are a binomial', () => {
  const distribution = distributionOf([{ n: 40, p: 0.3 }])
  for (const k of [0, 5, 12, 20, 40]) {
    expect(tailsOf(distribution, k).atMost).toBeCloseTo(atMost(k, 40, 0.3), 11)
    expect(tailsOf(distribution, k).atLeast).toBeCloseTo(atLeast(k, 40, 0.3), 11)
  }
})

test('it does not matter how draws of one chance are listed', () => {
  const whole = distributionOf([{ n: 1000, p: 0.2 }])
  const parts = distributionOf([250, 1, 0, 749].map((n) => ({ n, p: 0.2 })))
  expect(tailsOf(parts, 190).atMost).toBeCloseTo(tailsOf(whole, 190).atMost, 11)
})

test('three draws of different chances, by hand', () => {
  // None: 0.9 * 0.5 * 0.2 = 0.09; all: 0.1 * 0.5 * 0.8 = 0.04; one: 0.1*0.5*0.2 + 0.9*0.5*0.2 + 0.9*0.5*0.8 = 0.46
  const distribution = distributionOf([0.1, 0.5, 0.8].map((p) => ({ n: 1, p })))
  expect(distribution.first).toBe(0)
  expect([...distribution.at].map((chance) => Number(chance.toFixed(12)))).toEqual([0.09, 0.46, 0.41, 0.04])
})

test('certain draws only shift it', () => {
  expect(
    distributionOf([
      { n: 7, p: 1 },
      { n: 5, p: 0 },
    ]),
  ).toEqual({ first: 7, at: Float64Array.of(1) })
})

test('it adds up to 1, and is narrower than one binomial of the mean chance', () => {
  const ramp = Array.from({ length: 20 }, (_, i) => ({ n: 50, p: (i + 0.5) / 20 }))
  const { first, at } = distributionOf(ramp)
  const mean = at.reduce((sum, chance, i) => sum + chance * (first + i), 0)
  const variance = at.reduce((sum, chance, i) => sum + chance * (first + i - mean) ** 2, 0)
  expect(at.reduce((sum, chance) => sum + chance, 0)).toBeCloseTo(1, 10)
  expect(mean).toBeCloseTo(500, 8)
  expect(variance).toBeCloseTo(
    ramp.reduce((sum, { n, p }) => sum + n * p * (1 - p), 0),
    6,
  )
  expect(variance).toBeLessThan(1000 * 0.5 * 0.5)
})
