import { type Interval, Z95 } from './interval.ts'

/**
 * The Wilson score interval (95 %, two-sided) of a share of which `successes` of `n` were seen: all shares that a score
 * test would not reject. Unlike `p ± 1.96·s` it does not collapse to a point at 0 and at 1.
 * @returns `[0, 1]` when n is 0: no data bounds nothing.
 * @see E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927)
 * @see L. D. Brown, T. T. Cai, A. DasGupta, "Interval estimation for a binomial proportion", Statistical Science 16 (2001)
 */
export function wilson(successes: number, n: number): Interval {
  if (n === 0) return { low: 0, high: 1 }
  const share = successes / n
  const z2 = Z95 * Z95
  const centre = share + z2 / (2 * n)
  const half = Z95 * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n))
  const scale = 1 + z2 / n
  // At the ends the formula is exactly 0 and 1; rounding must not make it 0.9999….
  return { low: successes === 0 ? 0 : (centre - half) / scale, high: successes === n ? 1 : (centre + half) / scale }
}
