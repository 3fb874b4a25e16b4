import { clopperPearson } from './binomial.ts'
import type { Interval } from './interval.ts'
import { wilson } from './wilson.ts'

/**
 * The interval by which a share is judged (95 %, two-sided): Wilson's, widened to the exact binomial one on the side
 * where that one is wider. Near 0 and 1 one side of Wilson's is too short: one hit in 5 would "show" more than 1 %,
 * although a share of 1 % gives that one time in 20. Far from 0 and 1, and on the other side, the two hardly differ.
 * @see Brown, Cai, DasGupta, "Interval estimation for a binomial proportion", Statistical Science 16 (2001), section 4.1.1
 */
export function shareInterval(successes: number, n: number): Interval {
  const score = wilson(successes, n)
  const exact = clopperPearson(successes, n)
  return { low: Math.min(score.low, exact.low), high: Math.max(score.high, exact.high) }
}
