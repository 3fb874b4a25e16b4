import { exitCodeOf } from '../observe/exit-code.ts'
import type { RequestRecord } from '../observe/record.ts'
import type { Records } from '../observe/records.ts'
import { nounOf } from '../plan/noun.ts'
import { shareInterval } from '../statistics/share.ts'
import { plural } from '../value/show.ts'
import { causes } from './cause.ts'
import { type ClaimOf, quote } from './claim.ts'
import { decide, exactly, limitsOf } from './decide.ts'
import { diverse } from './examples.ts'
import { faultsOf, matchedFault, metFaults } from './fault.ts'
import { type Evidence, type Finding, finding, noData, nothingSeen } from './finding.ts'
import { MIN_EXACT } from './limits.ts'
import { showInterval, showShare } from './show.ts'
import type { Status } from './verdict.ts'

type ShareClaim = ClaimOf<'share'>

/** success_rate, error_rate, fault_share and the shares of a status: what part of the requests something is true of. */
export function measureShare(claim: ShareClaim, records: Records, { plan }: Evidence): Finding {
  const noun = nounOf(plan)
  const matches = (record: RequestRecord) => faultsOf(plan, record.phase).filter((fault) => matchedFault(plan, fault, record))
  const all = claim.of === 'fault_share' ? records.filter((record) => matches(record).length > 0) : records
  if (all.length === 0) return claim.of === 'fault_share' ? noData(`no ${noun} matched the condition of a fault`) : nothingSeen(plan)
  const isHit = (record: RequestRecord) => {
    if (claim.of === 'fault_share') return matches(record).some((fault) => metFaults(record).has(fault.id))
    return claim.of === 'success_rate'
      ? record.success
      : claim.of === 'error_rate'
        ? !record.success
        : 'exitCode' in claim.of
          ? exitCodeOf(record) === Number(claim.of.exitCode)
          : 'grpcStatus' in claim.of
            ? record.grpcStatus === claim.of.grpcStatus
            : hasStatus(record, claim.of.status)
  }
  const hits = all.filter(isHit)
  const misses = all.filter((record) => !isHit(record))
  const share = hits.length / all.length
  const exact = exactly(claim.condition)
  const interval = shareInterval(hits.length, all.length)
  const shown = exact ? null : showInterval(interval, showShare)
  const status = exact ? judgeExact(exact, hits.length, misses.length) : decide(claim.condition, interval)
  const telling = isTooLow(claim, share) ? misses : hits
  const got = `expected ${quote(claim)}, got ${showShare(share)} of ${plural(all.length, noun)}`
  const because = telling.length === 0 ? '' : `: ${causes(telling, plan)}`
  const unsure = shown ? `, too few to tell${because}` : `, and a claim about every ${noun} needs at least ${MIN_EXACT}`
  return finding({
    seen: showShare(share),
    value: share,
    interval: shown,
    samples: all.length,
    status,
    why: `${got}${shown ? ` (95 % interval ${shown.text})` : ''}${status === 'inconclusive' ? unsure : because}`,
    examples: diverse(telling, plan.load.deadline),
  })
}

/** What shows that a share is too low are the requests that lack it; that it is too high, those that have it. */
function isTooLow({ condition }: ShareClaim, share: number): boolean {
  const { least, most } = limitsOf(condition)
  if (most >= 1) return true
  return least > 0 && share < (least + most) / 2
}

/** A counterexample settles it at any number; its absence needs `MIN_EXACT` requests. */
function judgeExact(exact: 'every' | 'none' | 'some' | 'not every', hits: number, misses: number): Status {
  const enough = hits + misses >= MIN_EXACT
  switch (exact) {
    case 'every':
      return misses > 0 ? 'fail' : enough ? 'pass' : 'inconclusive'
    case 'none':
      return hits > 0 ? 'fail' : enough ? 'pass' : 'inconclusive'
    case 'some':
      return hits > 0 ? 'pass' : enough ? 'fail' : 'inconclusive'
    case 'not every':
      return misses > 0 ? 'pass' : enough ? 'fail' : 'inconclusive'
  }
}

/** @param asked - a code such as `503`, or a class such as `5xx`; a request without an answer has no status. */
export function hasStatus(record: RequestRecord, asked: string): boolean {
  if (record.status === null) return false
  return asked.endsWith('xx') ? Math.floor(record.status / 100) === Number(asked[0]) : record.status === Number(asked)
}
