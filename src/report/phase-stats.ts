import { attemptsOf, cutsOf, type Egress, type RequestRecord, retriesOf, suppressionsOf } from '../observe/record.ts'
import type { Records } from '../observe/records.ts'
import { eachTimeout, TIMEOUTS, type Timeout } from '../scenario/timeouts.ts'
import { quantile } from '../statistics/quantile.ts'
import { latencyOf } from '../verdict/finding.ts'

/** What the requests of one phase add up to. */
export interface PhaseStats {
  requests: number
  successes: number
  /** In flight over the end of the phase, or never answered. */
  edge: number
  /** By status; `none` for those without an answer. */
  statuses: Record<string, number>
  /** In ms from the due time; Infinity where that many requests were never answered, null without requests. */
  latency: { p50: number; p90: number; p99: number; max: number } | null
  /** Without a whole answer. */
  unanswered: number
  attempts: number
  retries: number
  suppressed: number
  timeouts: Record<Timeout, number>
  rejections: { maxRequests: number; maxPendingRequests: number }
}

export function phaseStats(records: Records): PhaseStats {
  const count = (test: (record: RequestRecord) => boolean) => records.filter(test).length
  const attempts = records.flatMap(attemptsOf)
  const calls = records.flatMap((record) => record.calls)
  const callsThat = (test: (egress: Egress) => boolean) => calls.filter(({ egress }) => test(egress)).length
  const statuses: Record<string, number> = {}
  const timeouts = eachTimeout(() => 0)
  for (const record of records) {
    const key = record.status === null ? 'none' : String(record.status)
    statuses[key] = (statuses[key] ?? 0) + 1
    for (const by of TIMEOUTS) timeouts[by] += cutsOf(record, by)
  }
  return {
    requests: records.length,
    successes: count((record) => record.success),
    edge: count((record) => record.edge),
    statuses,
    latency: latencies(records),
    unanswered: count((record) => latencyOf(record) === Number.POSITIVE_INFINITY),
    attempts: attempts.length,
    retries: records.reduce((sum, record) => sum + retriesOf(record), 0),
    suppressed: records.reduce((sum, record) => sum + suppressionsOf(record), 0),
    timeouts,
    rejections: {
      maxRequests: callsThat((egress) => egress.rejectedBy === 'max_requests'),
      maxPendingRequests: callsThat((egress) => egress.rejectedBy === 'max_pending_requests'),
    },
  }
}

function latencies(records: Records): PhaseStats['latency'] {
  if (records.length === 0) return null
  const sorted = Float64Array.from(records, latencyOf).sort()
  return { p50: quantile(sorted, 0.5), p90: quantile(sorted, 0.9), p99: quantile(sorted, 0.99), max: quantile(sorted, 1) }
}
