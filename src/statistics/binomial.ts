import { regularizedBeta } from './beta.ts'
import { type Interval, TAIL } from './interval.ts'

/** P(X <= k) of a binomial X: `n` draws, each with the chance `p`. @see NIST DLMF 8.17.5 */
export function atMost(k: number, n: number, p: number): number {
  if (k < 0) return 0
  if (k >= n) return 1
  return regularizedBeta(1 - p, n - k, k + 1)
}

/** P(X >= k) of the same. Not `1 - atMost(k - 1)`, which would lose small tails to rounding. */
export function atLeast(k: number, n: number, p: number): number {
  if (k <= 0) return 1
  if (k > n) return 0
  return regularizedBeta(p, k, n - k + 1)
}

/**
 * The exact binomial interval (95 %, two-sided): it covers the true share at least so often, whatever the share.
 * @see C. Clopper, E. Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26 (1934)
 */
export function clopperPearson(successes: number, n: number): Interval {
  if (n === 0) return { low: 0, high: 1 }
  return {
    low: successes === 0 ? 0 : root((p) => atLeast(successes, n, p) - TAIL),
    high: successes === n ? 1 : root((p) => TAIL - atMost(successes, n, p)),
  }
}

/** Where a function that grows over [0, 1] crosses zero, to 2^-50. */
function root(grows: (p: number) => number): number {
  let below = 0
  let above = 1
  for (let step = 0; step < 50; step++) {
    const middle = (below + above) / 2
    if (grows(middle) < 0) below = middle
    else above = middle
  }
  return (below + above) / 2
}
