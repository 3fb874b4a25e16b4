import { type Attempt, type Call, faultsAt, type RequestRecord } from '../observe/record.ts'
import { endsRequest, nameOfTimeout } from '../scenario/timeouts.ts'
import { causeOf } from '../verdict/cause.ts'
import { latencyOf } from '../verdict/finding.ts'
import type { FinishedRun } from './finished-run.ts'
import { DURATION_BUCKETS } from './metric-families.ts'
import { type Steps, TimeSeries } from './time-series.ts'

const MOST_STEPS = 300
const LENGTHS = [1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000]
/** Each cause is a series of its own; an app may make up any number of them. */
const MOST_CAUSES = 30
const NONE = 'none'

/** What happened in a run, counted by steps of time. */
export interface RunMetrics {
  steps: Steps
  requests: TimeSeries
  /** By the upper end of its bucket, `le`, each duration in one of them. */
  durations: TimeSeries
  durationSums: TimeSeries
  /** +1 and -1. */
  inFlight: TimeSeries
  attempts: TimeSeries
  retries: TimeSeries
  suppressed: TimeSeries
  rejections: TimeSeries
  timeouts: TimeSeries
  faults: TimeSeries
}

/**
 * In one walk through the records; null where nothing was seen.
 * @param say - what may stand in a report of a name from outside; names that come to the same are counted together
 */
export function measureRun(
  { observations, plan }: Pick<FinishedRun, 'observations' | 'plan'>,
  say: (text: string) => string,
): RunMetrics | null {
  if (observations === null) return null
  const end = observations.phases.reduce((last, { to }) => (Number.isFinite(to) ? Math.max(last, to) : last), 0)
  const ms = LENGTHS.find((length) => end / length <= MOST_STEPS) ?? Math.ceil(end / MOST_STEPS)
  // One more, for what was still in flight at the end.
  const steps = { ms, count: Math.ceil(end / ms) + 1 }
  const series = () => new TimeSeries(steps)
  const metrics: RunMetrics = {
    steps,
    requests: series(),
    durations: series(),
    durationSums: series(),
    inFlight: series(),
    attempts: series(),
    retries: series(),
    suppressed: series(),
    rejections: series(),
    timeouts: series(),
    faults: series(),
  }
  const causes = new Set<string>()
  const nameCause = (record: RequestRecord) => {
    const cause = say(causeOf(record, plan.load.deadline))
    if (causes.size < MOST_CAUSES) causes.add(cause)
    return causes.has(cause) ? cause : 'other'
  }
  const phases = observations.phases.map(({ name }) => say(name))
  for (const record of observations.records) {
    const phase = phases[record.phase] ?? 'warm-up'
    addRequest(metrics, record, phase, record.success ? NONE : nameCause(record), plan.load.deadline)
    for (const call of record.calls) addCall(metrics, call, phase, say(call.egress.cluster ?? NONE))
  }
  return metrics
}

function addRequest(metrics: RunMetrics, record: RequestRecord, phase: string, cause: string, deadline: number): void {
  const latency = latencyOf(record)
  const end = record.end ?? record.due + deadline
  metrics.requests.add({ phase, result: record.success ? 'success' : 'failure', cause }, end)
  metrics.inFlight.add({}, record.sent)
  metrics.inFlight.add({}, end, -1)
  if (!Number.isFinite(latency)) return
  const bucket = DURATION_BUCKETS.find((upper) => latency / 1000 <= upper)
  metrics.durations.add({ phase, le: bucket === undefined ? '+Inf' : String(bucket) }, end)
  metrics.durationSums.add({ phase }, end, Math.max(0, latency) / 1000)
}

function addCall(metrics: RunMetrics, { egress, attempts, ingressFaults }: Call, phase: string, cluster: string): void {
  const end = egress.start + egress.durationMs
  if (egress.rejectedBy !== null) metrics.rejections.add({ phase, cluster, limit: egress.rejectedBy }, end)
  if (egress.retrySuppressedBy !== null) metrics.suppressed.add({ phase, cluster, limit: egress.retrySuppressedBy }, end)
  if (egress.cutBy !== null) metrics.timeouts.add({ phase, cluster, timeout: nameOfTimeout(egress.cutBy) }, end)
  for (const fault of ingressFaults) metrics.faults.add({ phase, cluster, fault }, egress.start)
  for (const [i, attempt] of attempts.entries()) {
    addAttempt(metrics, attempt, phase, cluster)
    if (i > 0) metrics.retries.add({ phase, cluster }, attempt.start)
  }
}

function addAttempt(metrics: RunMetrics, attempt: Attempt, phase: string, cluster: string): void {
  const { cutBy, start, durationMs } = attempt
  const by = cutBy === null ? NONE : nameOfTimeout(cutBy)
  metrics.attempts.add({ phase, cluster, cut_by: by }, start + durationMs)
  // Those that end the whole request are counted with it.
  if (cutBy !== null && !endsRequest(cutBy)) metrics.timeouts.add({ phase, cluster, timeout: by }, start + durationMs)
  for (const fault of faultsAt(attempt)) metrics.faults.add({ phase, cluster, fault }, start)
}
