import type { PlannedFault } from '../plan/plan.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { countMean } from '../statistics/mean.ts'
import { leastSamples, quantileNeeded, shareCanPass } from '../statistics/needed.ts'
import { type Condition, holds } from '../value/condition.ts'
import type { Claim } from './claim.ts'
import { decide, exactly, limitsOf } from './decide.ts'
import { MIN_EXACT } from './limits.ts'
import { judgeFactor, mostTries } from './measure-factor.ts'

/**
 * The fewest requests with which a claim could pass, if all of them went as well as can be.
 * @returns undefined when no number of requests is enough.
 */
export function neededFor(
  claim: Exclude<Claim, { family: 'recovery' }>,
  scenario: Scenario,
  faults: readonly PlannedFault[],
): number | undefined {
  switch (claim.family) {
    case 'share':
      return neededForShare(claim.condition)
    case 'every':
    case 'content':
    case 'each_latency':
    case 'throughput':
      return MIN_EXACT
    case 'count':
      return holds(claim.condition, 0) ? MIN_EXACT : 1
    case 'latency':
      return neededForLatency(claim.quantile, claim.condition)
    case 'factor':
      return neededForFactor(claim.condition, mostTries(scenario), faults.some((fault) => fault.at === 'ingress') ? 0 : 1)
  }
}

export function neededForShare(condition: Condition): number | undefined {
  const exact = exactly(condition)
  if (exact) return exact === 'every' || exact === 'none' ? MIN_EXACT : 1
  const { least, most } = limitsOf(condition)
  const limits = { low: Math.max(0, least), high: Math.min(1, most) }
  return leastSamples((n) => shareCanPass(n, limits, (interval) => decide(condition, interval) === 'pass'))
}

function neededForLatency(quantile: number, condition: Condition): number {
  if (quantile === 1) return MIN_EXACT
  const { least, most } = limitsOf(condition)
  const above = most < Number.POSITIVE_INFINITY ? quantileNeeded(quantile, 'above') : 0
  const below = least > 0 ? quantileNeeded(quantile, 'below') : 0
  return Math.max(above, below, MIN_EXACT)
}

/**
 * @param fewest - the attempts of the luckiest request: 1, or 0 where a fault before the router can answer it
 */
export function neededForFactor(condition: Condition, tries: number, fewest: number): number | undefined {
  const { least, most } = limitsOf(condition)
  // The best sample is made of two neighbouring numbers of attempts, with its mean where the condition wants it.
  const best = bestMean(least, most, tries, fewest)
  const base = Math.floor(best)
  return leastSamples((n) => {
    const tally = new Array<number>(base + 2).fill(0)
    tally[base + 1] = Math.round((best - base) * n)
    tally[base] = n - (tally[base + 1] as number)
    const mean = countMean(tally, tries)
    return mean !== undefined && judgeFactor(condition, tally, mean.mean, mean) === 'pass'
  })
}

/** The mean that is the easiest to show: one at which all requests are alike, where the limits allow it. */
function bestMean(least: number, most: number, tries: number, fewest: number): number {
  if (least <= fewest && fewest <= most) return fewest
  // Fewer attempts than requests: a breaker may refuse them all.
  if (least <= 0) return 0
  return most === Number.POSITIVE_INFINITY ? Math.max(tries, Math.ceil(least)) : (least + most) / 2
}
