import type { Interval } from './interval.ts'
import { shareInterval } from './share.ts'

/** Into so many stretches of equal length a span is cut: 10 to 30 are advised, so that each is long and they are not few. */
const BATCHES = 20
/** The quantile of Student's t that leaves 2.5 % above it, with 19 degrees of freedom. */
const T19 = 2.093

/**
 * Successes per second, with an interval of at least 95 %: the wider, on each side, of two.
 *
 * - Of the requests that ended, a share succeeded, by chance: the share's interval, times the rate at which they ended.
 *   It holds for few and for rare ones, and does not collapse where all of them succeeded.
 * - The rate itself varies over time: the interval of the mean of the stretches' own rates (batch means).
 * @param positions - of the successes, each a part of the span in [0, 1)
 * @param failures - requests that ended otherwise
 * @param seconds - the length of the span
 * @returns undefined without requests.
 * @see B. Schmeiser, "Batch size effects in the analysis of simulation output", Operations Research 30 (1982)
 */
export function throughput(positions: readonly number[], failures: number, seconds: number): (Interval & { mean: number }) | undefined {
  const total = positions.length + failures
  if (total === 0 || !(seconds > 0)) return undefined
  const mean = positions.length / seconds
  const share = shareInterval(positions.length, total)
  const batches = new Array<number>(BATCHES).fill(0)
  for (const position of positions) {
    const batch = Math.min(Math.floor(position * BATCHES), BATCHES - 1)
    batches[batch] = (batches[batch] as number) + 1
  }
  const average = positions.length / BATCHES
  const variance = batches.reduce((sum, count) => sum + (count - average) ** 2, 0) / (BATCHES - 1)
  const half = (T19 * Math.sqrt(variance / BATCHES) * BATCHES) / seconds
  return {
    mean,
    low: Math.max(0, Math.min(mean - half, (share.low * total) / seconds)),
    high: Math.max(mean + half, (share.high * total) / seconds),
  }
}
