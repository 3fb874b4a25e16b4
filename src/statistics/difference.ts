import type { Interval } from './interval.ts'

/** Something that was estimated, with its 95 % interval. */
export interface Estimate extends Interval {
  value: number
}

/**
 * By how much `b` is above `a`, two shares from samples that do not know of each other, with a 95 % interval. With the
 * intervals of `wilson` it is Newcombe's hybrid score interval.
 * @see R. G. Newcombe, "Interval estimation for the difference between independent proportions", Statistics in Medicine 17
 *   (1998), method 10
 */
export function shareDifference(a: Estimate, b: Estimate): Estimate {
  const value = b.value - a.value
  return {
    value,
    low: Math.max(-1, value - Math.hypot(b.value - b.low, a.high - a.value)),
    high: Math.min(1, value + Math.hypot(b.high - b.value, a.value - a.low)),
  }
}

/**
 * The same of anything that has an interval, with no assumption about it: from the one's lowest to the other's highest. It
 * leaves out 0 only where the two intervals do not overlap, which two like samples do less often than one time in twenty.
 */
export function differenceOfEnds(a: Estimate, b: Estimate): Estimate {
  return { value: b.value - a.value, low: b.low - a.high, high: b.high - a.low }
}
