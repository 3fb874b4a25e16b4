import { attemptsOf, cutsOf, type RequestRecord, retriesOf, suppressionsOf } from '../observe/record.ts'
import type { Records } from '../observe/records.ts'
import { nounOf } from '../plan/noun.ts'
import { TIMEOUTS, type Timeout } from '../scenario/timeouts.ts'
import { holds } from '../value/condition.ts'
import { plural } from '../value/show.ts'
import { calmOf, STALLED } from './calm.ts'
import { causes } from './cause.ts'
import { type ClaimOf, type Counted, quote } from './claim.ts'
import { limitsOf } from './decide.ts'
import { diverse, topmost } from './examples.ts'
import { type Evidence, type Finding, finding, noData, nothingSeen } from './finding.ts'
import { MIN_EXACT } from './limits.ts'
import { measureSpare } from './measure-spare.ts'
import { phasesOf } from './select.ts'
import { showCount } from './show.ts'

type PerRequest = Exclude<Counted, 'ejections' | 'spare_rejections'>

const refused = ({ calls }: RequestRecord, by?: string) =>
  calls.filter(({ egress }) => egress.rejectedBy !== null && (by === undefined || egress.rejectedBy === by)).length

function mapTimeouts<T>(make: (by: Timeout) => T) {
  return Object.fromEntries(TIMEOUTS.map((by) => [`timeouts.${by}`, make(by)])) as Record<`timeouts.${Timeout}`, T>
}

/** How often it happened to one request. */
const COUNT: Record<PerRequest, (record: RequestRecord) => number> = {
  retries: retriesOf,
  retries_suppressed: suppressionsOf,
  timeouts: (record) => TIMEOUTS.reduce((sum, by) => sum + cutsOf(record, by), 0),
  ...mapTimeouts((by) => (record: RequestRecord) => cutsOf(record, by)),
  breaker_rejections: (record) => refused(record),
  'breaker_rejections.max_requests': (record) => refused(record, 'max_requests'),
  'breaker_rejections.max_pending_requests': (record) => refused(record, 'max_pending_requests'),
}

/** retries, retries_suppressed, timeouts, breaker_rejections, ejections: known exactly (spare_rejections within bounds), but only where there were requests. */
export function measureCount(claim: ClaimOf<'count'>, records: Records, evidence: Evidence): Finding {
  const { plan } = evidence
  if (records.length === 0) return nothingSeen(plan)
  if (claim.of === 'ejections') {
    // Without an attempt there was nothing that a host could have been ejected for.
    const tried = records.filter((record) => attemptsOf(record).length > 0)
    return tried.length === 0
      ? noData('no attempt was made at an upstream')
      : judgeCount(claim, ejections(claim, evidence), tried, [], '', plan)
  }
  if (claim.of === 'spare_rejections') return measureSpare(claim, records, evidence)
  const count = COUNT[claim.of]
  const concerned = records.filter((record) => count(record) > 0)
  const deadline = plan.load.deadline
  const examples = claim.of.startsWith('breaker') ? diverse(concerned, deadline) : topmost(concerned, count)
  const because =
    concerned.length === 0
      ? ''
      : `; ${concerned.length === records.length ? 'they' : `the ${plural(concerned.length, nounOf(plan))} with any`} ended as ${causes(concerned, plan)}`
  const total = (of: Records) => of.reduce((sum, record) => sum + count(record), 0)
  const found = judgeCount(claim, total(records), records, examples, because, plan)
  const calm = calmOf(concerned, evidence.observations)
  if (found.status === 'inconclusive' || holds(claim.condition, total(calm)) === holds(claim.condition, total(records))) return found
  const why = `${total(records) - total(calm)} of ${total(records)} ${STALLED}, and without those the answer is another; free the CPU`
  return { ...found, status: 'inconclusive', why, examples: found.examples }
}

function judgeCount(
  claim: ClaimOf<'count'>,
  count: number | undefined,
  records: Records,
  examples: string[],
  because: string,
  plan: Evidence['plan'],
): Finding {
  if (count === undefined)
    return noData(`the statistics of Envoy hold no ${claim.of}${claim.expectation.cluster ? ` of ${claim.expectation.cluster}` : ''}`)
  // What silence would satisfy needs requests that could have broken it.
  const enough = !holds(claim.condition, 0) || records.length >= MIN_EXACT
  const status = !holds(claim.condition, count) ? 'fail' : enough ? 'pass' : 'inconclusive'
  const few = `, and a claim that silence satisfies needs at least ${MIN_EXACT}`
  return finding({
    seen: showCount(count),
    value: count,
    interval: null,
    samples: records.length,
    status,
    why: `expected ${quote(claim)}, got ${showCount(count)} in ${plural(records.length, nounOf(plan))}${status === 'inconclusive' ? few : because}`,
    // Too few of them: no request shows what did not happen, so any will do.
    examples: examples.length > 0 || limitsOf(claim.condition).least <= count ? examples : records.slice(0, 3).map((record) => record.id),
  })
}

/** Undefined when no phase tells it of the cluster: not counted is not zero. */
function ejections({ expectation }: ClaimOf<'count'>, { plan, observations }: Evidence): number | undefined {
  let sum = 0
  for (const index of phasesOf(expectation, plan)) {
    const gained = observations.phases[index]?.ejections ?? {}
    const counts = expectation.cluster === undefined ? Object.values(gained) : [gained[expectation.cluster]]
    if (counts.length === 0) return undefined
    for (const count of counts) {
      if (count === undefined || !Number.isFinite(count)) return undefined
      sum += count
    }
  }
  return sum
}
