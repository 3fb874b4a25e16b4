import { type Interval, TAIL, Z95 } from './interval.ts'
import { shareInterval } from './share.ts'

/** No run is longer: 20,000 requests a second for almost 14 hours. */
const MOST_SAMPLES = 1e9

/**
 * How many samples, all of them clean, show that a share is at least `target`: the n at which the lower bound of n in n
 * reaches it, n/(n + z²) by Wilson and 0.025^(1/n) exactly. 99.9 % needs 3,838. Wilson's is the larger from 92 % on.
 * @param target - in [0, 1]
 * @returns infinity for 1: no sample shows that a share is exactly 1.
 * @see `shareInterval`
 */
export function cleanNeeded(target: number): number {
  if (target >= 1) return Number.POSITIVE_INFINITY
  if (target <= 0) return 1
  const score = (Z95 * Z95 * target) / (1 - target)
  const exact = Math.log(TAIL) / Math.log(target)
  // Without the slack, rounding in 1 - target could ask for one more than the bound itself does.
  return Math.ceil(Math.max(score, exact) - 1e-9)
}

/**
 * How many samples bound the quantile `p` at all, at 95 %, from above or from below: 368 for the 99th percentile from
 * above, since that many values all lie below it with a chance of 0.99^368 = 2.5 %.
 * @see `quantileInterval`
 */
export function quantileNeeded(p: number, side: 'above' | 'below'): number {
  return Math.ceil(Math.log(TAIL) / Math.log(side === 'above' ? p : 1 - p))
}

/** Whether some outcome of `n` samples has an interval that `passes`, for a claim that holds of shares between two limits. */
export function shareCanPass(n: number, limits: Interval, passes: (interval: Interval) => boolean): boolean {
  if (n < 1) return false
  if (limits.high >= 1) return passes(shareInterval(n, n))
  if (limits.low <= 0) return passes(shareInterval(0, n))
  // Both ends grow with the number of hits, so the most hits that stay below the upper limit are the best there is.
  let fits = -1
  let exceeds = n + 1
  while (exceeds - fits > 1) {
    const middle = Math.floor((fits + exceeds) / 2)
    if (shareInterval(middle, n).high <= limits.high) fits = middle
    else exceeds = middle
  }
  return fits >= 0 && passes(shareInterval(fits, n))
}

/** The least n with `enough(n)`, which must hold from some n on; undefined when even a billion are not enough. */
export function leastSamples(enough: (n: number) => boolean): number | undefined {
  let above = 1
  while (!enough(above)) {
    above *= 2
    if (above > MOST_SAMPLES) return undefined
  }
  let below = Math.floor(above / 2)
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2)
    if (enough(middle)) above = middle
    else below = middle
  }
  return above
}
