import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deriveSeed, exponential, logNormal, pick, type Random, random, xoshiro128 } from '../../src/random.ts'

const take = <T>(count: number, draw: () => T): T[] => Array.from({ length: count }, draw)
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 })

/** Tolerances are in standard errors: a sound generator strays further than 4.5 of them in one of 150,000 fixed seeds. */
const SIGMAS = 4.5

describe('the stream', () => {
  // The words of the authors' C program for this state; the Rust crate rand_xoshiro tests against the same.
  test('xoshiro128 gives the words of the reference implementation', () => {
    expect(take(10, xoshiro128([1, 2, 3, 4]))).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ])
  })

  test('seed 7 gives this sequence, on every machine and in every version', () => {
    expect(take(4, random(7))).toEqual([0.04900959390215576, 0.16556235309690237, 0.9298532083630562, 0.952130623627454])
  })

  test('every draw is in [0, 1), whatever the seed', () => {
    fc.assert(fc.property(fc.integer(), (seed) => take(100, random(seed)).every((draw) => draw >= 0 && draw < 1)))
  })

  test('the same seed gives the same draws, another seed others', () => {
    fc.assert(
      fc.property(seeds, seeds, (one, other) => {
        expect(take(4, random(one))).toEqual(take(4, random(one)))
        // Four draws of 32 bits: two different seeds agree on them with a chance of 2^-128.
        if (one !== other) expect(take(4, random(one))).not.toEqual(take(4, random(other)))
      }),
    )
  })

  // 100 cells, 1,000 draws expected in each: chi-square with 99 degrees of freedom has mean 99 and variance 2 × 99.
  test.each([0, 1, 7, 2 ** 32 - 1])('the draws of seed %i fill [0, 1) evenly', (seed) => {
    const cells = new Array<number>(100).fill(0)
    for (const draw of take(100_000, random(seed))) cells[Math.floor(draw * 100)] = (cells[Math.floor(draw * 100)] as number) + 1
    const chiSquare = cells.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)
    expect(Math.abs(chiSquare - 99)).toBeLessThan(SIGMAS * Math.sqrt(2 * 99))
  })

  // The correlation of n independent pairs has a standard error of 1/√n.
  test('neighbouring seeds give uncorrelated streams, and so do neighbouring draws', () => {
    const n = 50_000
    const [one, next] = [take(n, random(7)), take(n, random(8))]
    const shifted = [...one.slice(1), one[0] as number]
    for (const other of [next, shifted]) {
      const correlation = 12 * mean(one.map((draw, i) => (draw - 0.5) * ((other[i] as number) - 0.5)))
      expect(Math.abs(correlation)).toBeLessThan(SIGMAS / Math.sqrt(n))
    }
  })
})

describe('deriveSeed', () => {
  test('these labels give these seeds, on every machine and in every version', () => {
    expect([deriveSeed(7), deriveSeed(7, 'latency', 'inventory', 2)]).toEqual([747881083, 3160363578])
  })

  test('joins labels without confusing them', () => {
    const confusable = [
      deriveSeed(7, 'a', 'bc'),
      deriveSeed(7, 'ab', 'c'),
      deriveSeed(7, 'abc'),
      deriveSeed(7, '1'),
      deriveSeed(7, 1),
      deriveSeed(71),
      deriveSeed(7, 'a,bc'),
      deriveSeed(7, '"a","bc"'),
    ]
    expect(new Set(confusable).size).toBe(confusable.length)
  })

  test('is an unsigned 32-bit integer for every seed and labels', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.oneof(fc.string(), fc.integer())), (seed, labels) => {
        const derived = deriveSeed(seed, ...labels)
        expect(derived >>> 0).toBe(derived)
      }),
    )
  })

  // One in 2^32 / n pairs shares a seed by chance: of 1,000 × 999 / 2 pairs 0.0001 are expected to.
  test('1,000 consumers have 1,000 streams', () => {
    expect(new Set(Array.from({ length: 1000 }, (_, i) => deriveSeed(7, 'replica', i))).size).toBe(1000)
  })

  // Of 32 bits each flips with chance 1/2: 16 on average, with a variance of 8 a pair.
  test('the next label changes half of the bits', () => {
    const flips = Array.from({ length: 2000 }, (_, i) => bits(deriveSeed(7, i) ^ deriveSeed(7, i + 1)))
    expect(Math.abs(mean(flips) - 16)).toBeLessThan(SIGMAS * Math.sqrt(8 / 2000))
  })
})

describe('draws', () => {
  const N = 40_000

  // An exponential's standard deviation is its mean.
  test('exponential has the mean that was asked for, and 1/e of its draws above it', () => {
    const rng = stream('exponential')
    const draws = take(N, () => exponential(rng, 20))
    expect(Math.abs(mean(draws) - 20)).toBeLessThan((SIGMAS * 20) / Math.sqrt(N))
    expectShare(draws, (draw) => draw > 20, 1 / Math.E)
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(0)
  })

  test('log-normal has half of its draws below p50 and 99 % below p99', () => {
    const rng = stream('log-normal')
    const draws = take(N, () => logNormal(rng, 20, 90))
    expectShare(draws, (draw) => draw < 20, 0.5)
    expectShare(draws, (draw) => draw < 90, 0.99)
    // Symmetric in the logarithm: 1 % is as far below p50 as 1 % is above it.
    expectShare(draws, (draw) => draw < 20 / (90 / 20), 0.01)
  })

  test('log-normal with p99 = p50 is always p50', () => {
    expect(take(5, () => logNormal(random(7), 20, 20))).toEqual([20, 20, 20, 20, 20])
  })

  test.each([
    [0, 90],
    [-1, 90],
    [20, 19],
    [Number.NaN, 90],
  ])('log-normal refuses p50 %d with p99 %d', (p50, p99) => {
    expect(() => logNormal(random(7), p50, p99)).toThrow(`a log-normal needs 0 < p50 <= p99, got p50 ${p50} and p99 ${p99}`)
  })

  test('pick takes each value equally often', () => {
    const rng = stream('pick')
    const draws = take(N, () => pick(rng, ['a', 'b', 'c']))
    for (const value of ['a', 'b', 'c']) expectShare(draws, (draw) => draw === value, 1 / 3)
  })

  test('pick refuses an empty list', () => {
    expect(() => pick(random(7), [])).toThrow('nothing to pick from')
  })

  test('every draw is finite and not negative, at both ends of the stream', () => {
    // The least and the largest that `random` can give.
    for (const end of [0, 1 - 2 ** -32]) {
      expect(Number.isFinite(exponential(() => end, 20))).toBe(true)
      expect(logNormal(() => end, 20, 90)).toBeGreaterThan(0)
      expect(Number.isFinite(logNormal(() => end, 20, 90))).toBe(true)
      expect(['a', 'b']).toContain(pick(() => end, ['a', 'b']))
    }
  })

  /** Each test has its own stream, so that none depends on which others run. */
  const stream = (label: string): Random => random(deriveSeed(7, 'draws', label))

  /** A share of n independent draws has a standard error of √(p (1 - p) / n). */
  function expectShare<T>(draws: readonly T[], met: (draw: T) => boolean, expected: number): void {
    const share = draws.filter(met).length / draws.length
    expect(Math.abs(share - expected)).toBeLessThan(SIGMAS * Math.sqrt((expected * (1 - expected)) / draws.length))
  }
})

function bits(word: number): number {
  let count = 0
  for (let rest = word >>> 0; rest > 0; rest >>>= 1) count += rest & 1
  return count
}
