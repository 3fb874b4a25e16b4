import { atLeast, atMost } from './binomial.ts'
import { type Draws, distributionOf } from './poisson-binomial.ts'

/** The chance on each side of a 99.9 % two-sided test. */
const TAIL_999 = 0.0005

/**
 * Whether `met` of `matched` could well have come from a draw with the chance `asked`: an exact binomial test at 99.9 %,
 * so that one sound fault in a thousand is doubted.
 * @param asked - a share in [0, 1]; at 0 and at 1 a single counterexample refutes it
 * @returns false when nothing matched: no data is compatible with nothing.
 */
export function compatibleShare(met: number, matched: number, asked: number): boolean {
  if (!(matched > 0) || met < 0 || met > matched) return false
  if (asked <= 0) return met === 0
  if (asked >= 1) return met === matched
  return atMost(met, matched, asked) >= TAIL_999 && atLeast(met, matched, asked) >= TAIL_999
}

/**
 * How many of `matched` are compatible with a draw of the chance `asked`, by the same test: from the fewest to the most.
 * @param matched - above 0
 */
export function compatibleCounts(matched: number, asked: number): { least: number; most: number } {
  const expected = Math.min(matched, Math.max(0, Math.round(asked * matched)))
  // The expected number is compatible, and on each side of it what is further away is less so.
  const last = (towards: number) => {
    let [inside, outside] = [expected, towards + Math.sign(towards - expected)]
    while (Math.abs(outside - inside) > 1) {
      const middle = Math.trunc((inside + outside) / 2)
      if (compatibleShare(middle, matched, asked)) inside = middle
      else outside = middle
    }
    return inside
  }
  return { least: last(0), most: last(matched) }
}

/**
 * How many successes are compatible with draws of different chances, by the same test.
 * @param low - the chances where they are not known exactly: at least
 * @param high - at most
 * @param tail - the chance on each side
 */
export function compatibleSums(low: readonly Draws[], high: readonly Draws[], tail = TAIL_999): { least: number; most: number } {
  const [few, many] = [distributionOf(low), distributionOf(high)]
  return { least: few.first + countUntil(few.at, tail), most: many.first + many.at.length - 1 - countUntil(many.at.toReversed(), tail) }
}

/** How many come before the one with which their sum reaches `tail`. */
function countUntil(chances: Float64Array, tail: number): number {
  let sum = 0
  return chances.findIndex((chance) => {
    sum += chance
    return sum >= tail
  })
}
