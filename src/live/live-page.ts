import type { StatsSnapshot } from '../envoy/stats.ts'
import type { ClientLog } from '../load/client-log.ts'
import { breakerFill } from '../observe/fill.ts'
import type { LiveData, LiveNow } from '../page/live-data.ts'
import { axisFor, Row, stretchAt } from '../page/time-axis.ts'
import { nounOf } from '../plan/noun.ts'
import { clustersIn, type Plan, type PlannedFault } from '../plan/plan.ts'
import { printable } from '../report/layout.ts'
import { masker, secretValues } from '../report/mask.ts'
import type { Scenario } from '../scenario/scenario.ts'
import type { Variables } from '../scenario/variables.ts'
import { LatencyHistogram } from '../statistics/latency-histogram.ts'
import { faultText } from './live.ts'
import { LiveLevels } from './live-levels.ts'
import type { RunWatcher } from './run-watcher.ts'
import { Tally } from './tally.ts'

/** Colours are as many; what comes later is one cause together. */
const MOST_CAUSES = 7
const OTHER = 'other causes'
/** Figures of the moment are of so long a time at least. */
const RECENT_MS = 1000

interface Stretch {
  latency: LatencyHistogram
  /** Null where more came since they were taken. */
  quantiles: readonly [number | null, number | null, number | null] | null
}

/** A run that goes on, as its page shows it. What it keeps does not grow with the requests. */
export class LivePage implements RunWatcher {
  readonly #plan: Plan
  readonly #scenario: Scenario
  readonly #clock: () => number
  readonly #say: (text: string) => string
  readonly #about: Pick<LiveData, 'id' | 'name' | 'file' | 'noun' | 'deadline' | 'axis' | 'moments'>
  readonly #offered: Row
  readonly #served: Row
  readonly #causes = new Map<string, Row>()
  readonly #stretches: (Stretch | undefined)[] = []
  readonly #levels: LiveLevels
  #log: ClientLog | undefined
  #stats: StatsSnapshot = {}
  #percents: ReadonlyMap<string, number> = new Map()
  #stage: LiveNow['stage'] = 'starting'
  #phase = -1
  #phaseStarted = 0
  #inFlight = 0
  readonly #all = { sent: 0, ended: 0, failed: 0 }
  /** Since `since`, and of the time before that. */
  #recent = { since: 0, tally: new Tally() }
  #shown = { rate: 0, errorShare: null as number | null, p99: null as number | null }

  /** @param clock - ms from any time on */
  constructor({ scenario, plan }: { scenario: Scenario; plan: Plan }, { id, env, clock }: { id: string; env: Variables; clock(): number }) {
    this.#scenario = scenario
    this.#plan = plan
    this.#clock = clock
    const mask = masker(secretValues(scenario, env))
    this.#say = (text) => printable(mask(text))
    const planned = plan.load.kind === 'runs' ? 0 : (plan.phases.at(-1)?.to ?? 0)
    const axis = axisFor(planned, 'due' in plan.load ? plan.load.due.length : Number.POSITIVE_INFINITY)
    const texts = { id: this.#say(id), name: this.#say(scenario.name), file: this.#say(scenario.file) }
    this.#about = { ...texts, noun: nounOf(plan), deadline: plan.load.deadline, axis, moments: [] }
    this.#offered = new Row(axis)
    this.#served = new Row(axis)
    this.#levels = new LiveLevels(scenario, clustersIn(plan), plan.policy.budgetedClusters, axis)
  }

  onLog(log: ClientLog): void {
    this.#log = log
    this.#stage = 'warm-up'
  }

  onPhase(index: number): void {
    this.#stage = 'load'
    this.#phase = index
    this.#phaseStarted = this.#clock()
    if (index === 0) this.#recent = { since: this.#phaseStarted, tally: new Tally() }
  }

  onStep(percents: ReadonlyMap<string, number>): void {
    this.#percents = percents
  }

  onSent(index: number): void {
    this.#inFlight++
    if (this.#phase < 0) return
    this.#all.sent++
    this.#offered.add(this.#log?.due[index] ?? 0)
  }

  onEnd(index: number, latencyMs: number, success: boolean): void {
    this.#inFlight--
    if (this.#phase < 0) return
    const due = this.#log?.due[index] ?? 0
    this.#all.ended++
    this.#recent.tally.end(latencyMs, success)
    if (success) this.#served.add(due + latencyMs)
    else {
      this.#all.failed++
      this.#causeRow(index).add(due + latencyMs)
    }
    if (this.#log?.errors.has(index) !== true) this.#time(due, latencyMs)
  }

  onStats(stats: StatsSnapshot): void {
    this.#stats = stats
    if (this.#phase >= 0) this.#levels.look(stats, this.#at())
  }

  end(): void {
    if (this.#stage !== 'starting') this.#stage = 'judging'
  }

  data(): LiveData {
    const { axis } = this.#about
    const over = this.#stage === 'judging' ? axis.count : Math.max(0, Math.min(axis.count, Math.floor(this.#at() / axis.step)))
    const cut = (row: readonly number[]) => row.slice(0, over)
    const quantiles = Array.from({ length: over }, (_, i) => this.#quantiles(i))
    return {
      ...this.#about,
      now: this.#now(),
      phases: this.#phases(),
      traffic: {
        offered: cut(this.#offered.counts),
        served: cut(this.#served.counts),
        failures: [...this.#causes].map(([cause, { counts }]) => {
          const at = cut(counts)
          return { cause, count: at.reduce((sum, each) => sum + each, 0), at }
        }),
        latency: { p50: quantiles.map(([p]) => p), p90: quantiles.map(([, p]) => p), p99: quantiles.map(([, , p]) => p) },
        heat: [],
        ...this.#levels.attempts(cut),
      },
      clusters: this.#levels.clusters(cut).map((cluster) => ({ ...cluster, name: this.#say(cluster.name) })),
    }
  }

  /** The time of the load, by the plan. */
  #at(): number {
    return this.#phase < 0 ? 0 : (this.#plan.phases[this.#phase]?.from ?? 0) + this.#clock() - this.#phaseStarted
  }

  #now(): LiveNow {
    const now = this.#clock()
    const { since, tally } = this.#recent
    if (now - since >= RECENT_MS) {
      this.#shown = { rate: (tally.ended * 1000) / (now - since), errorShare: tally.errorShare, p99: tally.latency.quantile(0.99) }
      this.#recent = { since: now, tally: new Tally() }
    }
    const isTimed = this.#about.noun === 'request' && this.#stage === 'load'
    const left = (to: number | undefined) => (isTimed && to !== undefined ? Math.max(0, to - this.#at()) : null)
    const phase = this.#plan.phases[this.#phase]
    return {
      stage: this.#stage,
      phase: this.#phase,
      phaseLeft: left(phase?.to),
      runLeft: left(this.#plan.phases.at(-1)?.to),
      faults: this.#stage === 'load' ? this.#faultsOf(this.#phase, this.#percents) : [],
      ...this.#all,
      inFlight: this.#inFlight,
      ...this.#shown,
      breakers: breakerFill(this.#scenario, this.#stats).map((fill) => ({ ...fill, cluster: this.#say(fill.cluster) })),
    }
  }

  #faultsOf(phase: number, percents: ReadonlyMap<string, number>): string[] {
    const faults = this.#plan.phases[phase]?.faults ?? []
    return faults.map((index) => this.#say(faultText(this.#plan, this.#plan.faults[index] as PlannedFault, percents)))
  }

  #phases(): LiveData['phases'] {
    const untold = { requests: 0, successes: 0, p50: null, p99: null, attempts: 0, refused: 0, suppressed: 0 }
    return this.#plan.phases.map(({ name, from, to }, i) => {
      return { ...untold, name: this.#say(name), from, to, faults: this.#faultsOf(i, new Map()) }
    })
  }

  #causeRow(index: number): Row {
    const status = this.#log?.errors.has(index) === true ? 0 : (this.#log?.status[index] ?? 0)
    const own = status === 0 ? 'no answer' : status < 400 ? `${status}, late or not as expected` : `${status}`
    const cause = this.#causes.has(own) || this.#causes.size < MOST_CAUSES ? own : OTHER
    const row = this.#causes.get(cause) ?? new Row(this.#about.axis)
    this.#causes.set(cause, row)
    return row
  }

  #time(due: number, ms: number): void {
    const at = stretchAt(this.#about.axis, due)
    if (at < 0) return
    this.#stretches[at] ??= { latency: new LatencyHistogram(), quantiles: null }
    this.#stretches[at].latency.add(ms)
    this.#stretches[at].quantiles = null
  }

  /** Taken again only of a stretch to which something came. */
  #quantiles(at: number): readonly [number | null, number | null, number | null] {
    const own = this.#stretches[at]
    if (own === undefined) return [null, null, null]
    const of = (p: number) => Number(own.latency.quantile(p)?.toPrecision(3))
    own.quantiles ??= [of(0.5), of(0.9), of(0.99)]
    return own.quantiles
  }
}
