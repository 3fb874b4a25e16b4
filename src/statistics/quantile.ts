import { atLeast, atMost } from './binomial.ts'
import { type Interval, TAIL } from './interval.ts'

/**
 * The nearest-rank quantile: the smallest value that at least the share `p` of the sample does not exceed.
 * @param sorted - ascending, not empty; infinite values are allowed
 * @param p - in (0, 1]
 */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  // 0.99 × 200 is 198.00000000000003 for some p; without the slack that would be rank 199.
  const rank = Math.ceil(p * sorted.length - 1e-9)
  return sorted[Math.min(Math.max(rank, 1), sorted.length) - 1] as number
}

/**
 * A 95 % interval for the quantile `p` of the distribution that the sample came from, with no assumption about its shape:
 * the ends are order statistics, whose ranks come from the binomial distribution.
 * @param sorted - ascending; infinite values are allowed
 * @returns an infinite end where the sample is too small for one: the 99th percentile has no upper bound below 368 values.
 * @see H. A. David, H. N. Nagaraja, "Order Statistics" (3rd ed., 2003), section 7.1
 */
export function quantileInterval(sorted: ArrayLike<number>, p: number): Interval {
  const { low, high } = quantileRanks(sorted.length, p)
  return {
    low: low === undefined ? Number.NEGATIVE_INFINITY : (sorted[low - 1] as number),
    high: high === undefined ? Number.POSITIVE_INFINITY : (sorted[high - 1] as number),
  }
}

/** The ranks (counted from 1) of the interval's ends; undefined where no rank of a sample of `n` will do. */
export function quantileRanks(n: number, p: number): { low: number | undefined; high: number | undefined } {
  // The value of rank r lies above the quantile when fewer than r values fell at or below it: P(X <= r - 1), growing with r.
  const low = lastWhere(n, (rank) => atMost(rank - 1, n, p) <= TAIL)
  // It lies below when at least r values fell below it: P(X >= r), shrinking with r.
  const tooLow = lastWhere(n, (rank) => atLeast(rank, n, p) > TAIL)
  return { low: low === 0 ? undefined : low, high: tooLow === n ? undefined : tooLow + 1 }
}

/** The last rank in 1..n where `is` holds, 0 when it holds nowhere; it must hold up to some rank and nowhere after. */
function lastWhere(n: number, is: (rank: number) => boolean): number {
  let yes = 0
  let no = n + 1
  while (no - yes > 1) {
    const middle = (yes + no) >> 1
    if (is(middle)) yes = middle
    else no = middle
  }
  return yes
}
