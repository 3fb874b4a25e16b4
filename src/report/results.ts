import type { FaultEvidence, PhaseObservation } from '../observe/observations.ts'
import { nounOf } from '../plan/noun.ts'
import type { Plan } from '../plan/plan.ts'
import type { Outcome, Status } from '../verdict/verdict.ts'
import { type Beside, besides } from './beside.ts'
import { type BreakerPeak, breakerPeaks, type Limiter } from './breakers.ts'
import { endingOf } from './ending.ts'
import { acceptedShare, faultTarget, replicasOf } from './fault-words.ts'
import type { FinishedRun } from './finished-run.ts'
import { masker, secretValues } from './mask.ts'
import { type PhaseStats, phaseStats } from './phase-stats.ts'
import { openIn } from './prediction-lines.ts'
import type { Results } from './results-schema.ts'
import { spareRejections } from './spare.ts'

/** Other metrics without one value saw several, such as three statuses where one was expected. */
const MAY_BE_INFINITE = new Set(['p50', 'p90', 'p95', 'p99', 'p99.9', 'max', 'recovers_within'])

type Mask = (text: string) => string

/** What results.json says of a run: everything a machine may ask, without the scenario's secrets. */
export function toResults(run: FinishedRun): Results {
  const { plan, observations, scenario, verdict, ended } = run
  const mask = masker(secretValues(scenario))
  const outcomesOf = (status: Status) => verdict.outcomes.filter((outcome) => outcome.status === status).length
  const peaks = breakerPeaks(run)
  const spare = spareRejections(run)
  const beside = besides(run)
  const noun = nounOf(plan)
  const stats = phaseStats(observations, noun)
  return {
    version: 1,
    id: run.id,
    scenario: { name: mask(scenario.name), file: scenario.file },
    status: endingOf(run),
    verdict: { status: verdict.status, passed: outcomesOf('pass'), failed: outcomesOf('fail'), inconclusive: outcomesOf('inconclusive') },
    ended:
      ended?.by === 'environment'
        ? { by: ended.by, message: mask(ended.message), hint: ended.hint && mask(ended.hint), detail: ended.detail.map(mask) }
        : ended,
    outcomes: verdict.outcomes.map((outcome) => toOutcome(outcome, mask)),
    phases: (observations?.phases ?? []).map((phase, i) => ({
      ...toPhase(phase, stats[i] as PhaseStats, offeredPerSecond(plan, i), noun, mask),
      spare_rejections: Object.fromEntries(
        [...(spare[i] ?? [])].map(([cluster, { least, most }]) => [cluster, { at_least: least, at_most: most }]),
      ),
      breakers: toBreakers(peaks[i] ?? []),
      predicted: toPredicted(beside[i], mask),
    })),
    faults: (observations?.faults ?? []).flatMap((evidence) => toFault(evidence, plan, mask)),
    what_happened: run.happened.map(({ phase, fromMs, toMs, text, setting }) => ({
      phase: phase === null ? null : mask(phase),
      from_ms: finite(fromMs) ?? 0,
      to_ms: finite(toMs) ?? 0,
      text: mask(text),
      setting: setting ?? null,
    })),
    unsound: (observations?.unsound ?? []).map(mask),
    warnings: run.warnings.map(mask),
    seed: plan.seed,
    command: run.command.map(mask),
    chaos_version: run.chaosVersion,
    runtime: run.runtime,
    envoy: run.envoy,
    started_at: run.startedAt,
    duration_ms: finite(run.durationMs) ?? 0,
    load_ms: finite(run.loadMs) ?? 0,
  }
}

function toOutcome(outcome: Outcome, mask: Mask): Results['outcomes'][number] {
  const { interval, seen } = outcome
  const value = finite(outcome.value)
  return {
    expectation: outcome.expectation,
    title: mask(outcome.title),
    phase: outcome.phase === null ? null : mask(outcome.phase),
    metric: outcome.metric,
    asked: mask(outcome.asked),
    seen: seen === null ? null : mask(seen),
    value,
    infinite: seen !== null && value === null && MAY_BE_INFINITE.has(outcome.metric),
    interval: interval === null ? null : { low: finite(interval.low), high: finite(interval.high), text: interval.text },
    samples: outcome.samples,
    status: outcome.status,
    why: outcome.why === null ? null : mask(outcome.why),
    examples: [...outcome.examples],
    at: { line: outcome.at.line, col: outcome.at.col },
  }
}

function toPhase(
  phase: PhaseObservation,
  stats: PhaseStats,
  offered: number | null,
  noun: 'request' | 'run',
  mask: Mask,
): Omit<Results['phases'][number], 'predicted' | 'breakers' | 'spare_rejections'> {
  const { latency, timeouts, rejections } = stats
  return {
    name: mask(phase.name),
    from_ms: finite(phase.from) ?? 0,
    to_ms: finite(phase.to) ?? 0,
    complete: phase.complete,
    faults_applied_ms: finite(phase.applied) ?? 0,
    offered_per_second: offered,
    requests: stats.requests,
    edge: stats.edge,
    successes: stats.successes,
    statuses: noun === 'run' ? {} : stats.statuses,
    exit_codes: noun === 'run' ? stats.statuses : null,
    latency_ms: latency && { p50: finite(latency.p50), p90: finite(latency.p90), p99: finite(latency.p99), max: finite(latency.max) },
    unanswered: stats.unanswered,
    unjoined: stats.unjoined,
    attempts: stats.attempts,
    retries: stats.retries,
    retries_suppressed: stats.suppressed,
    timeouts,
    breaker_rejections: { max_requests: rejections.maxRequests, max_pending_requests: rejections.maxPendingRequests },
    ejections: { ...phase.ejections },
    lateness: { p99_ms: finite(phase.lateness.p99), max_ms: finite(phase.lateness.max) },
    envoy_lag: { p99_ms: finite(phase.envoyLag.p99), max_ms: finite(phase.envoyLag.max) },
    stub_lag: { p99_ms: finite(phase.stubLag.p99), max_ms: finite(phase.stubLag.max) },
  }
}

function toPredicted(beside: Beside | undefined, mask: Mask): Results['phases'][number]['predicted'] {
  if (beside === undefined) return null
  const range = (value: Beside['success']) => value && { low: finite(value.low) ?? 0, high: finite(value.high) ?? 0 }
  return {
    success_rate: range(beside.success),
    attempts_per_request: range(beside.attempts),
    slowest_ms: finite(beside.slowest),
    open: openIn(beside.predicted).map(mask),
    differs: beside.differs.map(mask),
  }
}

function toBreakers(peaks: readonly BreakerPeak[]): Results['phases'][number]['breakers'] {
  const byCluster = [...Map.groupBy(peaks, ({ cluster }) => cluster)]
  return Object.fromEntries(
    byCluster.map(([cluster, own]) => {
      const find = (breaker: Limiter) => own.find((each) => each.breaker === breaker)
      const of = (breaker: Limiter) => find(breaker) as BreakerPeak
      return [
        cluster,
        {
          max_connections: { ...toLimit(of('max_connections')), ...toPeak(of('max_connections')) },
          max_pending_requests: toRefusing(of('max_pending_requests')),
          max_requests: toRefusing(of('max_requests')),
          max_retries: find('max_retries') === undefined ? null : toRefusing(of('max_retries')),
          retry_budget: find('retry_budget') === undefined ? null : { ...toPeak(of('retry_budget')), ...toRefusals(of('retry_budget')) },
        },
      ]
    }),
  )
}

const toLimit = ({ limit, isSet }: BreakerPeak) => ({ limit: limit ?? 0, is_default: !isSet })
const toPeak = ({ peak }: BreakerPeak) => ({ at_least: peak.least, at_most: peak.most })
const toRefusing = (peak: BreakerPeak) => ({ ...toLimit(peak), ...toPeak(peak), ...toRefusals(peak) })

function toRefusals({ refusals: { count, first } }: BreakerPeak) {
  return { refused: count, first_refusal: first && { after_ms: finite(first.after) ?? 0, offered_per_second: finite(first.offered) } }
}

function toFault(evidence: FaultEvidence, plan: Plan, mask: Mask): Results['faults'] {
  const fault = plan.faults.find((planned) => planned.id === evidence.id)
  if (fault === undefined) return []
  const accepted = acceptedShare(fault, evidence)
  return [
    {
      id: fault.id,
      phase: mask(plan.phases[fault.phase]?.name ?? ''),
      cluster: fault.cluster,
      at: fault.at,
      replicas: [...fault.replicas],
      kind: fault.action.kind,
      description: mask(faultTarget(fault, replicasOf(fault.cluster, plan))),
      asked_percent: fault.percent,
      ramp: fault.ramp === undefined ? null : { ...fault.ramp, expected: finite(evidence.ramp?.expected ?? null) },
      matched: evidence.matched,
      met: evidence.met,
      chosen: fault.chosen && { asked: fault.chosen.source, requests: fault.chosen.requests.size, met: evidence.metRequests ?? 0 },
      share: finite(evidence.met / evidence.matched),
      accepted: accepted && { low: finite(accepted.low) ?? 0, high: finite(accepted.high) ?? 1 },
      counted: evidence.counted,
      inferred: evidence.inferred,
      doubt: evidence.doubt === null ? null : mask(evidence.doubt),
    },
  ]
}

function offeredPerSecond({ phases, load }: Plan, index: number): number | null {
  const phase = phases[index]
  if (phase === undefined || load.kind !== 'open') return null
  let planned = 0
  for (const due of load.due) if (due >= phase.from && due < phase.to) planned++
  return finite((planned * 1000) / (phase.to - phase.from))
}

/** The number to a microsecond (shares to 10^-6 and finer are left alone), or null where JSON has no word for it. */
function finite(value: number | null): number | null {
  if (value === null || !Number.isFinite(value)) return null
  return Math.abs(value) < 1 ? Number(value.toPrecision(12)) : Number(value.toFixed(6))
}
