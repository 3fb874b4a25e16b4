import { attemptsOf, isRejected, type RequestRecord, retriesOf } from '../observe/record.ts'
import { numbersOf, type Records } from '../observe/records.ts'
import { nounOf } from '../plan/noun.ts'
import type { Scenario } from '../scenario/scenario.ts'
import type { Interval } from '../statistics/interval.ts'
import { countMean, tallyOf } from '../statistics/mean.ts'
import type { Condition } from '../value/condition.ts'
import { plural } from '../value/show.ts'
import { type ClaimOf, quote } from './claim.ts'
import { decide, limitsOf } from './decide.ts'
import { topmost } from './examples.ts'
import { type Evidence, type Finding, finding, noData, nothingSeen } from './finding.ts'
import { MIN_EXACT } from './limits.ts'
import { showFactor, showInterval } from './show.ts'
import { madeByApp } from './tries.ts'
import type { Status } from './verdict.ts'

/** attempts_per_request and retry_amplification: how many attempts the upstream sees for each request of a client. */
export function measureFactor(claim: ClaimOf<'factor'>, records: Records, { scenario, plan }: Evidence): Finding {
  const isLeftOut = LEFT_OUT[claim.of]
  const counted = records.filter((record) => !isLeftOut(record))
  if (counted.length === 0) return records.length === 0 ? nothingSeen(plan) : noData(`no ${nounOf(plan)} came as far as the upstream`)
  const tally = tallyOf(numbersOf(counted, (record) => attemptsOf(record).length))
  const mean = countMean(tally, mostTries(scenario) * mostCalls(counted))
  if (mean === undefined) return nothingSeen(plan)
  // A request whose retry was refused made attempts all the same: they count, the request does not.
  const extra = records.filter(isLeftOut).reduce((sum, record) => sum + attemptsOf(record).length, 0) / counted.length
  const value = mean.mean + extra
  const interval = { low: mean.low + extra, high: mean.high + extra }
  const status = judgeFactor(claim.condition, tally, value, interval)
  const shown = showInterval(interval, showFactor)
  const retried = counted.filter((record) => retriesOf(record) > 0).length
  const tooMany = limitsOf(claim.condition).most < Number.POSITIVE_INFINITY
  return finding({
    seen: showFactor(value),
    value,
    interval: shown,
    samples: counted.length,
    status,
    why: `expected ${quote(claim)}, got ${showFactor(value)} from ${plural(counted.length, nounOf(plan))}, ${retried} of them retried (95 % interval ${shown.text}${status === 'inconclusive' ? `, too few ${nounOf(plan)}s to tell` : ''})${tooMany ? madeByApp(counted, plan) : ''}`,
    examples: topmost(records, (record) => attemptsOf(record).length * (tooMany ? 1 : -1)),
  })
}

/** An app may call Envoy several times for one request, each time with all the tries of the policy. */
const mostCalls = (records: Records) => records.reduce((most, { calls }) => Math.max(most, calls.length), 1)

/** Requests without attempts of their own would water down those of the others, and hide their retries. */
const LEFT_OUT: Record<ClaimOf<'factor'>['of'], (record: RequestRecord) => boolean> = {
  attempts_per_request: ({ calls }) => calls.length > 0 && calls.every(({ egress }) => egress.details === 'fault_filter_abort'),
  retry_amplification: (record) => isRejected(record) || attemptsOf(record).length === 0,
}

/**
 * By the interval, but where the limit is a whole number that the requests themselves reach: "at most 1" says that no
 * request was tried again, "at least 3" (of three tries) that each was tried three times. No interval gets there; the
 * requests do, and one second try refutes "at most 1".
 */
export function judgeFactor(condition: Condition, tally: readonly number[], value: number, interval: Interval): Status {
  const status = decide(condition, interval)
  const enough = tally.reduce((sum, count) => sum + count, 0) >= MIN_EXACT
  const { least, most, open } = limitsOf(condition)
  // The interval knows the policy's most tries and could pass on a single request, if the policy were not obeyed.
  if (status === 'pass') return enough ? 'pass' : 'inconclusive'
  if (status === 'fail' || open) return status
  const lowest = tally.findIndex((count) => count > 0)
  const highest = tally.findLastIndex((count) => count > 0)
  const isEdge = (limit: number) => limit === 0 || limit === 1 || (lowest === limit && highest === limit)
  // Where no request is below the limit, whatever is above it cannot be made up for.
  if (isEdge(most) && lowest >= most && value > most) return 'fail'
  const below = interval.high <= most || (isEdge(most) && highest <= most && value <= most)
  const above = interval.low >= least || (isEdge(least) && lowest >= least)
  return enough && below && above ? 'pass' : 'inconclusive'
}

/** The most tries that any route's policy allows. @see Envoy RetryPolicy.num_retries, 1 by default */
export function mostTries(scenario: Pick<Scenario, 'envoy'>): number {
  const tries = (scenario.envoy.routes ?? []).map((route) =>
    route.retry_policy === undefined ? 1 : 1 + (route.retry_policy.num_retries ?? 1),
  )
  // Two at least, so that a policy that is not known (or not obeyed) leaves the interval some width.
  return Math.max(2, ...tries)
}
