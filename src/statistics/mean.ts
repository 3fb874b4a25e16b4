import type { Interval } from './interval.ts'
import { shareInterval } from './share.ts'

/**
 * The mean of a small whole number (attempts of a request), with an interval of at least 95 %.
 *
 * Such a mean is a sum of shares: of those that had at least 1, plus those that had at least 2, and so on. Each share is
 * bounded by `shareInterval`, and the bounds are added. That is no shorter than `mean ± 1.96·s/√n`, and unlike it stays
 * honest where retries are rare or never seen (s = 0): of n requests with one attempt each, up to z²/(n + z²) may have
 * had a second, and as many a third, up to `most` (the rule of three, in Wilson's form).
 * @param tally - `tally[k]` requests had k attempts
 * @param most - the most that one request can have, by its policy; what was seen counts when it is more
 * @returns undefined when the tally is empty.
 * @see E[X] = Σ P(X >= j): W. Feller, "An Introduction to Probability Theory and Its Applications" I, XI.1
 * @see J. A. Hanley, A. Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 249 (1983): the rule of three
 */
export function countMean(tally: readonly number[], most: number): (Interval & { mean: number }) | undefined {
  const n = tally.reduce((sum, count) => sum + count, 0)
  if (n === 0) return undefined
  let below = tally[0] ?? 0
  let [low, high, total] = [0, 0, 0]
  for (let level = 1; level <= Math.max(most, tally.length - 1); level++) {
    const reached = n - below
    const bounds = shareInterval(reached, n)
    low += bounds.low
    high += bounds.high
    total += reached
    below += tally[level] ?? 0
  }
  return { mean: total / n, low, high }
}

/** How many of `values` are 0, 1, 2 and so on. */
export function tallyOf(values: Iterable<number>): number[] {
  const tally: number[] = []
  for (const value of values) {
    while (tally.length <= value) tally.push(0)
    tally[value] = (tally[value] as number) + 1
  }
  return tally
}
