import { describe, expect, test } from 'vitest'
import { compatibleShare } from '../../../src/statistics/compatible.ts'
import { planOf } from '../../helpers/send.ts'

/** Two standard normal tails of 0.05 % each: an interval that holds 999 times in 1,000. */
const Z999 = 3.29

describe('the plan', () => {
  test.each([
    ['200/s', '1s', 200],
    ['3/s', '1s', 3],
    ['333/s', '100ms', 34],
    ['7/s', '2500ms', 18],
    ['0.5/s', '4s', 2],
  ])('%s for %s are the requests that are due before its end: %i', (rate, time, count) => {
    const { due } = planOf(`load: { rate: ${rate} }\nphases: [{ name: all, for: ${time} }]`).load
    const perMs = Number.parseFloat(rate) / 1000
    expect([...due]).toEqual(Array.from({ length: count }, (_, i) => expect.closeTo(i / perMs, 9)))
  })

  const poisson = (seed: number) =>
    planOf(`seed: ${seed}\nload: { rate: 500/s, arrivals: poisson }\nphases: [{ name: all, for: 20s }]`).load.due

  test('Poisson arrivals come from the seed', () => {
    expect(poisson(3)).toEqual(poisson(3))
    expect(poisson(3)).not.toEqual(poisson(4))
  })

  // Gaps of a Poisson process of 500/s: mean 2 ms, variance 4 ms². The variance of n gaps has the relative error √(8/n).
  test.each([1, 2, 3])('Poisson arrivals have the mean and the variance of their rate (seed %i)', (seed) => {
    const due = poisson(seed)
    const gaps = [...due].map((at, i) => at - (i === 0 ? 0 : (due[i - 1] as number)))
    const n = gaps.length
    expect(Math.abs(n - 10_000)).toBeLessThan(Z999 * Math.sqrt(10_000))
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / n
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / (n - 1)
    expect(Math.abs(mean / 2 - 1)).toBeLessThan(Z999 / Math.sqrt(n))
    expect(Math.abs(variance / 4 - 1)).toBeLessThan(Z999 * Math.sqrt(8 / n))
  })

  test('kinds of request are drawn by weight', () => {
    const { request } = planOf(`
load: { rate: 1000/s, requests: [{ GET: /a, weight: 9 }, { GET: /b, weight: 0.5 }, { GET: /c, weight: 0.5 }] }
phases: [{ name: all, for: 5s }]`).load
    for (const [kind, share] of [0.9, 0.05, 0.05].entries()) {
      expect(compatibleShare([...request].filter((drawn) => drawn === kind).length, request.length, share)).toBe(true)
    }
  })
})
