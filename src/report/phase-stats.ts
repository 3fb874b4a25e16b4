import { exitCodeOf } from '../observe/exit-code.ts'
import type { Observations } from '../observe/observations.ts'
import { answerOf, attemptsOf, cutsOf, type RequestRecord, retriesOf, suppressionsOf } from '../observe/record.ts'
import { eachTimeout, TIMEOUTS, type Timeout } from '../scenario/timeouts.ts'
import { quantile } from '../statistics/quantile.ts'
import { latencyOf } from '../verdict/finding.ts'

/** What the requests of one phase add up to. */
export interface PhaseStats {
  requests: number
  successes: number
  /** In flight over the end of the phase, or never answered. */
  edge: number
  /** By status (of gRPC calls by its name), or of runs by exit code; `none` for those without. */
  statuses: Record<string, number>
  /** In ms from the due time; Infinity where that many requests were never answered, null without requests. */
  latency: { p50: number; p90: number; p99: number; max: number } | null
  /** Without a whole answer. */
  unanswered: number
  /** Not all of whose calls to Envoy are known: they may have made more than is counted in what follows. */
  unjoined: number
  attempts: number
  retries: number
  suppressed: number
  timeouts: Record<Timeout, number>
  rejections: { maxRequests: number; maxPendingRequests: number }
}

/** What the requests of each phase add up to, in one walk through all of them. */
export function phaseStats(observations: Pick<Observations, 'phases' | 'records'> | null, noun: 'request' | 'run'): PhaseStats[] {
  if (observations === null) return []
  const { phases, records } = observations
  const sizes = phases.map(() => 0)
  for (const { phase } of records) if (phase in sizes) sizes[phase] = (sizes[phase] as number) + 1
  const all = sizes.map((size) => ({ stats: nothing(), latencies: new Float64Array(size) }))
  for (const record of records) {
    const own = all[record.phase]
    if (own === undefined) continue
    own.latencies[own.stats.requests] = latencyOf(record)
    add(own.stats, record, noun)
  }
  return all.map(({ stats, latencies }) => ({ ...stats, latency: quantilesOf(latencies.sort()) }))
}

const nothing = (): PhaseStats => ({
  requests: 0,
  successes: 0,
  edge: 0,
  statuses: {},
  latency: null,
  unanswered: 0,
  unjoined: 0,
  attempts: 0,
  retries: 0,
  suppressed: 0,
  timeouts: eachTimeout(() => 0),
  rejections: { maxRequests: 0, maxPendingRequests: 0 },
})

function add(stats: PhaseStats, record: RequestRecord, noun: 'request' | 'run'): void {
  const status = noun === 'run' ? String(exitCodeOf(record) ?? 'none') : (answerOf(record) ?? 'none')
  stats.requests++
  stats.successes += Number(record.success)
  stats.edge += Number(record.edge)
  stats.statuses[status] = (stats.statuses[status] ?? 0) + 1
  stats.unanswered += Number(latencyOf(record) === Number.POSITIVE_INFINITY)
  stats.unjoined += Number(!record.joined)
  stats.attempts += attemptsOf(record).length
  stats.retries += retriesOf(record)
  stats.suppressed += suppressionsOf(record)
  for (const by of TIMEOUTS) stats.timeouts[by] += cutsOf(record, by)
  for (const { egress } of record.calls) {
    if (egress.rejectedBy === 'max_requests') stats.rejections.maxRequests++
    if (egress.rejectedBy === 'max_pending_requests') stats.rejections.maxPendingRequests++
  }
}

function quantilesOf(sorted: Float64Array): PhaseStats['latency'] {
  if (sorted.length === 0) return null
  return { p50: quantile(sorted, 0.5), p90: quantile(sorted, 0.9), p99: quantile(sorted, 0.99), max: quantile(sorted, 1) }
}
