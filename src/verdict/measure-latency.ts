import { numbersOf, type Records } from '../observe/records.ts'
import { nounOf } from '../plan/noun.ts'
import type { Interval } from '../statistics/interval.ts'
import { quantile, quantileInterval } from '../statistics/quantile.ts'
import { type Condition, holds } from '../value/condition.ts'
import { plural } from '../value/show.ts'
import { calmOf, STALLED } from './calm.ts'
import { type ClaimOf, quote } from './claim.ts'
import { decide, limitsOf } from './decide.ts'
import { topmost } from './examples.ts'
import { type Evidence, type Finding, finding, latencyOf, nothingSeen } from './finding.ts'
import { MIN_EXACT } from './limits.ts'
import { showInterval, showMs } from './show.ts'
import type { Status } from './verdict.ts'

/** p50 to p99.9 by an interval of order statistics; max as what the slowest request itself says. */
export function measureLatency(claim: ClaimOf<'latency'>, records: Records, { plan, observations }: Evidence): Finding {
  if (records.length === 0) return nothingSeen(plan)
  const sorted = numbersOf(records, latencyOf).sort()
  const value = quantile(sorted, claim.quantile)
  const interval = claim.quantile === 1 ? undefined : quantileInterval(sorted, claim.quantile)
  const status = interval ? judgeQuantile(claim.condition, interval, sorted.length) : judgeMax(claim.condition, sorted)
  const shown = interval ? showInterval(interval, showMs) : null
  const unanswered = records.reduce((count, record) => count + Number(!Number.isFinite(latencyOf(record))), 0)
  const parts = [
    `${showMs(value)} from ${plural(records.length, nounOf(plan))}`,
    shown && `(95 % interval ${shown.text}${status === 'inconclusive' ? ', which does not tell' : ''})`,
    status === 'inconclusive' && !interval && `and a claim about every ${nounOf(plan)} needs at least ${MIN_EXACT}, all answered`,
    unanswered > 0 && `of which ${unanswered} got no whole answer`,
  ]
  // A single request decides on the slowest: one that the machine held up must not.
  const faked =
    !interval && status === 'pass' && needsSlow(claim.condition) && !holds(claim.condition, slowestOf(calmOf(records, observations)))
  const tooSlow = value > limitsOf(claim.condition).most
  return finding({
    seen: showMs(value),
    value: Number.isFinite(value) ? value : null,
    interval: shown,
    samples: records.length,
    status: faked ? 'inconclusive' : status,
    why: `expected ${quote(claim)}, got ${parts.filter(Boolean).join(' ')}${faked ? `, which ${STALLED}; free the CPU` : ''}`,
    examples: topmost(records, tooSlow || !needsSlow(claim.condition) ? latencyOf : (record) => -latencyOf(record)),
  })
}

/** "At least 400ms" must rest on answers: what was never answered may never have been served at all. */
function judgeQuantile(condition: Condition, interval: Interval, samples: number): Status {
  const status = decide(condition, interval)
  return status === 'pass' && (interval.low === Number.POSITIVE_INFINITY || samples < MIN_EXACT) ? 'inconclusive' : status
}

function judgeMax(condition: Condition, sorted: Float64Array): Status {
  const enough = sorted.length >= MIN_EXACT
  const slowest = sorted.at(-1) as number
  if (!needsSlow(condition)) return !holds(condition, slowest) ? 'fail' : enough ? 'pass' : 'inconclusive'
  const slowestAnswer = sorted.findLast(Number.isFinite)
  if (slowestAnswer !== undefined && holds(condition, slowestAnswer)) return enough ? 'pass' : 'inconclusive'
  return enough && Number.isFinite(slowest) ? 'fail' : 'inconclusive'
}

const slowestOf = (records: Records) =>
  records.reduce((slowest, record) => (Number.isFinite(latencyOf(record)) ? Math.max(slowest, latencyOf(record)) : slowest), 0)

/** Whether a condition only asks for slowness. */
const needsSlow = (condition: Condition) => limitsOf(condition).most === Number.POSITIVE_INFINITY
