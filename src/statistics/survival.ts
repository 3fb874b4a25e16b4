import { atMost } from './binomial.ts'
import { TAIL } from './interval.ts'
import type { LatencyHistogram } from './latency-histogram.ts'

/** A step of the curve: what share lasts longer than `ms`, and what share that may be at most (97.5 %, one-sided). */
export interface SurvivalStep {
  ms: number
  share: number
  atMost: number
}

/**
 * The share of durations beyond each length, where some were cut before their end: Kaplan and Meier's estimate. What was cut
 * counts as longer than that until then, and says nothing of what comes after; within a bucket it is taken to come last, which
 * can make the shares too large, never too small.
 *
 * The bound is Clopper and Pearson's, with the effective number of samples in place of their number: those still there, over the
 * share that they stand for. Where nothing was cut before, that is the number of samples; else it is less, and errs on the safe side.
 * @returns one step for each bucket that holds an end, ascending; none without ends. Beyond the last one nothing is known.
 * @see E. L. Kaplan, P. Meier, JASA 53 (1958); R. Peto et al., British Journal of Cancer 35 (1977), statistical note 6, for the
 *   variance that this number of samples gives
 */
export function survival(ended: LatencyHistogram, cut: LatencyHistogram): SurvivalStep[] {
  const steps: SurvivalStep[] = []
  const cuts = cut.buckets()
  let atRisk = ended.count + cut.count
  let share = 1
  for (const { count: ends, upToMs } of ended.buckets()) {
    const cutHere = cuts.next().value?.count ?? 0
    if (ends > 0) {
      const samples = atRisk / share
      share *= 1 - ends / atRisk
      steps.push({ ms: upToMs, share, atMost: highest(share, samples) })
    }
    atRisk -= ends + cutHere
  }
  return steps
}

/** The largest share of which so few, or fewer, would still be seen once in 40 times. */
function highest(share: number, samples: number): number {
  const seen = share * samples
  let below = share
  let above = 1
  for (let step = 0; step < 50; step++) {
    const middle = (below + above) / 2
    if (atMost(seen, samples, middle) > TAIL) below = middle
    else above = middle
  }
  return above
}
