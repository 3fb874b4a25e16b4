import type { StatsSnapshot } from '../envoy/stats.ts'
import type { ClientLog } from '../load/client-log.ts'
import { clustersIn, type Plan } from '../plan/plan.ts'
import { printable } from '../report/layout.ts'
import { masker, secretValues } from '../report/mask.ts'
import { DURATION_BUCKETS, type FamilyName } from '../report/metric-families.ts'
import { boundText, labelText, METRICS_END, metricHead } from '../report/metric-lines.ts'
import type { Labels } from '../report/time-series.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { nameOfTimeout, type Timeout } from '../scenario/timeouts.ts'
import type { Variables } from '../scenario/variables.ts'
import type { RunWatcher } from './run-watcher.ts'

/** What only the evidence of the whole run tells. */
const LATER = 'told after the run'
const BOUNDS = [...DURATION_BUCKETS.map(String), '+Inf']

/** Envoy's counters of what its limits of time cut. */
const CUTS: readonly (readonly [counter: string, by: Timeout])[] = [
  ['upstream_rq_timeout', 'route'],
  ['upstream_rq_per_try_timeout', 'per_try'],
  ['upstream_rq_per_try_idle_timeout', 'per_try_idle'],
]

interface About {
  scenario: Scenario
  plan: Plan
}

interface Durations {
  counts: number[]
  seconds: number
}

/** A run that goes on, as OpenMetrics without times: what the client sees, and Envoy's counters as they were at the last look. */
export class LiveMetrics implements RunWatcher {
  /** What really runs it; known once it is there. */
  runtime = ''
  /** Before it is known nothing is told. */
  envoyVersion: string | undefined
  readonly #about: About
  readonly #run: string
  readonly #chaosVersion: string
  readonly #say: (text: string) => string
  readonly #series = new Map<FamilyName, Map<string, { labels: Labels; value: number }>>()
  readonly #durations = new Map<string, Durations>()
  readonly #begun: string[] = []
  /** The most that each of Envoy's sums has come to. */
  readonly #reached = new Map<string, number>()
  #log: ClientLog | undefined
  #phase = 'warm-up'
  #inFlight = 0
  #isOver = false

  constructor(about: About, { run, chaosVersion, env }: { run: string; chaosVersion: string; env: Variables }) {
    this.#about = about
    this.#chaosVersion = chaosVersion
    const mask = masker(secretValues(about.scenario, env))
    this.#say = (text) => printable(mask(text))
    this.#run = this.#say(run)
  }

  onLog(log: ClientLog): void {
    this.#log = log
  }

  onPhase(index: number): void {
    this.#phase = this.#say(this.#about.plan.phases[index]?.name ?? '')
    if (!this.#begun.includes(this.#phase)) this.#begun.push(this.#phase)
  }

  onStep(): void {}

  onSent(): void {
    this.#inFlight++
  }

  onEnd(index: number, latencyMs: number, success: boolean): void {
    this.#inFlight--
    const isAnswered = this.#log?.errors.has(index) !== true
    const cause = success ? 'none' : isAnswered ? `${this.#log?.status[index] ?? 0}` : 'no answer'
    this.#add('chaos_requests', { phase: this.#phase, result: success ? 'success' : 'failure', cause }, 1)
    if (isAnswered) this.#time(latencyMs / 1000)
  }

  onStats(stats: StatsSnapshot): void {
    const phase = this.#phase
    for (const cluster of clustersIn(this.#about.plan)) {
      const own = { phase, cluster: this.#say(cluster) }
      const of = (name: string) => stats[`cluster.${cluster}.${name}`] ?? 0
      const gained = (name: string, now = of(name)) => this.#gained(`${cluster} ${name}`, now)
      // What was begun and does not go on any more has ended.
      this.#add('chaos_attempts', { ...own, cut_by: LATER }, gained('ended', of('upstream_rq_total') - of('upstream_rq_active')))
      this.#add('chaos_retries', own, gained('upstream_rq_retry'))
      const limit = this.#about.plan.policy.budgetedClusters.includes(cluster) ? 'retry_budget' : 'max_retries'
      this.#add('chaos_retries_suppressed', { ...own, limit }, gained('upstream_rq_retry_overflow'))
      // Envoy 1.40 counts each limit by itself.
      const refused = { max_requests: 'upstream_rq_active_overflow', max_pending_requests: 'upstream_rq_pending_overflow' }
      for (const [limit, name] of Object.entries(refused)) this.#add('chaos_breaker_rejections', { ...own, limit }, gained(name))
      for (const [name, by] of CUTS) this.#add('chaos_timeouts', { ...own, timeout: nameOfTimeout(by) }, gained(name))
      this.#set('chaos_hosts_ejected', { cluster: own.cluster }, of('outlier_detection.ejections_active'))
    }
  }

  end(): void {
    this.#isOver = true
  }

  render(): string {
    if (this.envoyVersion === undefined) return METRICS_END
    return [
      ...this.#family('chaos_run', [this.#line('chaos_run_info', this.#info(this.envoyVersion), 1)]),
      ...this.#family(
        'chaos_phase_active',
        this.#begun.map((phase) => this.#line('chaos_phase_active', { phase }, phase === this.#phase && !this.#isOver ? 1 : 0)),
      ),
      ...this.#family('chaos_request_duration_seconds', [...this.#histograms()]),
      ...this.#family('chaos_requests_in_flight', [this.#line('chaos_requests_in_flight', {}, this.#inFlight)]),
      ...[...this.#series].flatMap(([name, series]) =>
        this.#family(
          name,
          [...series.values()].map(({ labels, value }) =>
            this.#line(name === 'chaos_hosts_ejected' ? name : `${name}_total`, labels, value),
          ),
        ),
      ),
      METRICS_END,
    ].join('')
  }

  #info(envoyVersion: string): Labels {
    const { scenario, plan } = this.#about
    const labels = { scenario: scenario.name, file: scenario.file, seed: String(plan.seed), runtime: this.runtime }
    const made = { chaos_version: this.#chaosVersion, envoy_version: envoyVersion, ending: LATER }
    return Object.fromEntries(Object.entries({ ...labels, ...made }).map(([name, value]) => [name, this.#say(value)]))
  }

  *#histograms(): Generator<string> {
    const name = 'chaos_request_duration_seconds'
    for (const [phase, { counts, seconds }] of this.#durations) {
      let below = 0
      for (const [i, le] of BOUNDS.entries()) {
        below += counts[i] as number
        yield this.#line(`${name}_bucket`, { phase, le: boundText(le) }, below)
      }
      yield this.#line(`${name}_count`, { phase }, below)
      yield this.#line(`${name}_sum`, { phase }, Number(seconds.toFixed(6)))
    }
  }

  #family(name: FamilyName, lines: readonly string[]): string[] {
    return lines.length === 0 ? [] : [...metricHead(name), ...lines]
  }

  #line(name: string, labels: Labels, value: number): string {
    return `${name}${labelText({ run: this.#run, ...labels })} ${value}\n`
  }

  #time(seconds: number): void {
    const own = this.#durations.get(this.#phase) ?? { counts: BOUNDS.map(() => 0), seconds: 0 }
    this.#durations.set(this.#phase, own)
    const at = DURATION_BUCKETS.findIndex((upper) => seconds <= upper)
    const bucket = at === -1 ? DURATION_BUCKETS.length : at
    own.counts[bucket] = (own.counts[bucket] as number) + 1
    own.seconds += Math.max(0, seconds)
  }

  /** A sum is made of several counters, which Envoy does not read at one instant: it never goes back. */
  #gained(key: string, now: number): number {
    const before = this.#reached.get(key) ?? 0
    this.#reached.set(key, Math.max(before, now))
    return Math.max(0, now - before)
  }

  /** A series stands from its first event on, as in the file of a run. */
  #add(name: FamilyName, labels: Labels, gained: number): void {
    if (gained > 0) this.#at(name, labels).value += gained
  }

  #set(name: FamilyName, labels: Labels, value: number): void {
    if (value > 0 || this.#series.has(name)) this.#at(name, labels).value = value
  }

  #at(name: FamilyName, labels: Labels): { value: number } {
    const series = this.#series.get(name) ?? new Map()
    this.#series.set(name, series)
    const key = Object.values(labels).join('\0')
    const own = series.get(key) ?? { labels, value: 0 }
    series.set(key, own)
    return own
  }
}
