import { countOutcomes, endingOf } from './ending.ts'
import type { FinishedRun } from './finished-run.ts'
import { printable } from './layout.ts'
import { masker, secretValues } from './mask.ts'
import { DURATION_BUCKETS, type FamilyName } from './metric-families.ts'
import { boundText, labelText, METRICS_END, metricHead } from './metric-lines.ts'
import { measureRun } from './run-metrics.ts'
import { type Labels, type Steps, stepOf, TimeSeries } from './time-series.ts'

/** Labels, and the value at some moments, in order: ms after the start of the load. */
interface Points {
  suffix: string
  labels: Labels
  points: readonly (readonly [at: number, value: number])[]
}

/**
 * A run as OpenMetrics text with the times at which things happened, so that it can be put into a Prometheus later on
 * (`promtool tsdb create-blocks-from openmetrics`). Only families that have something.
 * @see https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
export function* openMetrics(run: FinishedRun): Generator<string> {
  const mask = masker(secretValues(run.scenario))
  const say = (text: string) => printable(mask(text))
  const startedAt = run.loadFrom ?? Date.parse(run.startedAt)
  for (const [name, points] of familiesOf(run, say)) {
    let headed = false
    for (const { suffix, labels, points: own } of points) {
      if (!headed) yield* metricHead(name)
      headed = true
      const text = `${name}${suffix}${labelText({ run: say(run.id), ...labels })}`
      for (const [at, value] of own) yield `${text} ${value} ${((startedAt + at) / 1000).toFixed(3)}\n`
    }
  }
  yield METRICS_END
}

type Say = (text: string) => string

function* familiesOf(run: FinishedRun, say: Say): Generator<[FamilyName, Iterable<Points>]> {
  const metrics = measureRun(run, say)
  yield ['chaos_run', [{ suffix: '_info', labels: infoOf(run, say), points: [[0, 1]] }]]
  if (metrics === null) return
  const { steps } = metrics
  yield ['chaos_phase_active', phasesOf(run, steps, say)]
  yield ['chaos_requests', counters(metrics.requests, steps)]
  yield ['chaos_request_duration_seconds', histograms(metrics.durations, metrics.durationSums, steps)]
  yield ['chaos_requests_in_flight', gauges(metrics.inFlight, steps)]
  yield ['chaos_attempts', counters(metrics.attempts, steps)]
  yield ['chaos_retries', counters(metrics.retries, steps)]
  yield ['chaos_retries_suppressed', counters(metrics.suppressed, steps)]
  yield ['chaos_breaker_rejections', counters(metrics.rejections, steps)]
  yield ['chaos_timeouts', counters(metrics.timeouts, steps)]
  yield ['chaos_faults_met', counters(metrics.faults, steps)]
  yield ['chaos_hosts_ejected', gauges(ejected(run, steps, say), steps)]
  yield ['chaos_claims', claims(run, steps)]
}

function infoOf(run: FinishedRun, say: Say): Labels {
  const labels = {
    scenario: run.scenario.name,
    file: run.scenario.file,
    seed: String(run.plan.seed),
    runtime: run.runtime,
    chaos_version: run.chaosVersion,
    envoy_version: run.envoy?.version ?? 'none',
    ending: endingOf(run),
  }
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, say(value)]))
}

const endOf = (step: number, { ms }: Steps) => (step + 1) * ms

/** Sums up to the end of each step, from a zero before the first event, without which its increase would not be seen. */
function* counters(series: TimeSeries, steps: Steps): Generator<Points> {
  for (const { labels, values } of series.all) {
    const [first, last] = extent(values)
    let sum = 0
    const points: [number, number][] = [[first * steps.ms, 0]]
    for (let step = first; step <= last; step++) {
      sum += values[step] as number
      points.push([endOf(step, steps), sum])
    }
    yield { suffix: '_total', labels, points }
  }
}

/** What it is at the end of each step, by its changes; up to the end, where it may be other than 0. */
function* gauges(series: TimeSeries, steps: Steps): Generator<Points> {
  for (const { labels, values } of series.all) {
    let sum = 0
    const points = Array.from(values, (change, step): [number, number] => {
      sum += change
      return [endOf(step, steps), sum]
    })
    yield { suffix: '', labels, points }
  }
}

/** For each phase and moment all buckets, each with those below, then count and sum. */
function* histograms(durations: TimeSeries, sums: TimeSeries, steps: Steps): Generator<Points> {
  const uppers = [...DURATION_BUCKETS.map(String), '+Inf']
  for (const { labels, values: seconds } of sums.all) {
    const buckets = uppers.map(
      (le) => [...durations.all].find((each) => each.labels.phase === labels.phase && each.labels.le === le)?.values,
    )
    const perStep = Float64Array.from(seconds, (_, step) => buckets.reduce((sum, values) => sum + (values?.[step] ?? 0), 0))
    const [first, last] = extent(perStep)
    const reached = uppers.map(() => 0)
    let sum = 0
    for (let step = first - 1; step <= last; step++) {
      if (step >= first) {
        for (const [i, values] of buckets.entries()) reached[i] = (reached[i] as number) + (values?.[step] ?? 0)
        sum += seconds[step] as number
      }
      const at = endOf(step, steps)
      let below = 0
      for (const [i, le] of uppers.entries()) {
        below += reached[i] as number
        yield { suffix: '_bucket', labels: { ...labels, le: boundText(le) }, points: [[at, below]] }
      }
      yield { suffix: '_count', labels, points: [[at, below]] }
      yield { suffix: '_sum', labels, points: [[at, Number(sum.toFixed(6))]] }
    }
  }
}

/** The first and the last step with something in it. */
function extent(values: Float64Array): [number, number] {
  const first = values.findIndex((value) => value !== 0)
  return [Math.max(0, first), values.findLastIndex((value) => value !== 0)]
}

function* phasesOf({ observations }: FinishedRun, { ms }: Steps, say: Say): Generator<Points> {
  const seen = new Set<string>()
  for (const { name, from, to } of observations?.phases ?? []) {
    const phase = say(name)
    if (seen.has(phase) || !Number.isFinite(from) || !(to > from)) continue
    seen.add(phase)
    const moments: [number, number][] = []
    for (let at = from; at < to && moments.length < 1000; at += ms) moments.push([at, 1])
    yield { suffix: '', labels: { phase }, points: [...moments, [to, 0]] }
  }
}

/** Changes of how many hosts are out; to an end beyond that of the run nobody waits. */
function ejected({ observations }: FinishedRun, steps: Steps, say: Say): TimeSeries {
  const series = new TimeSeries(steps)
  for (const { cluster, from, to } of observations?.ejections ?? []) {
    series.add({ cluster: say(cluster) }, from)
    if (stepOf(to, steps) < steps.count - 1) series.add({ cluster: say(cluster) }, to, -1)
  }
  return series
}

function* claims({ verdict }: FinishedRun, { ms, count }: Steps): Generator<Points> {
  if (countOutcomes(verdict.outcomes) === '') return
  for (const status of ['pass', 'fail', 'inconclusive'] as const)
    yield { suffix: '', labels: { status }, points: [[ms * count, verdict.outcomes.filter((outcome) => outcome.status === status).length]] }
}
