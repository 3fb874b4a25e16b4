import type { StatsSnapshot } from '../envoy/stats.ts'
import { CROWDS, type Crowd } from '../observe/crowd.ts'
import type { Axis, Level, PageCluster, Traffic } from '../page/page-data.ts'
import { Row, stretchAt } from '../page/time-axis.ts'
import { type Breaker, breakerOf } from '../scenario/policy.ts'
import type { Scenario } from '../scenario/scenario.ts'

type Cut = (row: readonly number[]) => number[]

/** Of each crowd: its limit, what Envoy tells is left of that, and how often it refused. */
const GAUGES: Record<Crowd, { limit: Breaker; left: string; refused: string }> = {
  inFlight: { limit: 'max_requests', left: 'remaining_rq', refused: 'upstream_rq_active_overflow' },
  pending: { limit: 'max_pending_requests', left: 'remaining_pending', refused: 'upstream_rq_pending_overflow' },
  retrying: { limit: 'max_retries', left: 'remaining_retries', refused: 'upstream_rq_retry_overflow' },
}

interface Course {
  cluster: string
  of: Crowd
  peak: number[]
  sums: Row
  looks: Row
  refused: Row
}

/** What Envoy's stats tell over the time, a look each: what was between two looks is not seen, but for what was counted. */
export class LiveLevels {
  readonly #scenario: Scenario
  readonly #clusters: readonly string[]
  readonly #axis: Axis
  readonly #courses: readonly Course[]
  readonly #attempts: Row
  readonly #retries: Row
  #before: StatsSnapshot | undefined

  /** @param budgeted - clusters whose retries have no number for a limit */
  constructor(scenario: Scenario, clusters: readonly string[], budgeted: readonly string[], axis: Axis) {
    this.#scenario = scenario
    this.#clusters = clusters
    this.#axis = axis
    this.#attempts = new Row(axis)
    this.#retries = new Row(axis)
    this.#courses = clusters.flatMap((cluster) =>
      CROWDS.filter((of) => of !== 'retrying' || !budgeted.includes(cluster)).map((of) => ({
        cluster,
        of,
        peak: new Array<number>(axis.count).fill(0),
        sums: new Row(axis),
        looks: new Row(axis),
        refused: new Row(axis),
      })),
    )
  }

  /** @param at - ms after the start of the load */
  look(stats: StatsSnapshot, at: number): void {
    const before = this.#before ?? stats
    this.#before = stats
    const gained = (name: string) => Math.max(0, (stats[name] ?? 0) - (before[name] ?? 0))
    for (const cluster of this.#clusters) {
      this.#attempts.add(at, gained(`cluster.${cluster}.upstream_rq_total`))
      this.#retries.add(at, gained(`cluster.${cluster}.upstream_rq_retry`))
    }
    const stretch = stretchAt(this.#axis, at)
    if (stretch < 0) return
    for (const { cluster, of, peak, sums, looks, refused } of this.#courses) {
      const { limit, left, refused: counter } = GAUGES[of]
      refused.add(at, gained(`cluster.${cluster}.${counter}`))
      const rest = stats[`cluster.${cluster}.circuit_breakers.default.${left}`]
      if (rest === undefined) continue
      const used = Math.max(0, breakerOf(this.#scenario, cluster, limit).limit - rest)
      peak[stretch] = Math.max(peak[stretch] as number, used)
      sums.add(at, used)
      looks.add(at)
    }
  }

  attempts(cut: Cut): Pick<Traffic, 'attempts' | 'firstTries' | 'retries'> {
    const [attempts, retries] = [cut(this.#attempts.counts), cut(this.#retries.counts)]
    return { attempts, retries, firstTries: attempts.map((all, i) => Math.max(0, all - (retries[i] as number))) }
  }

  clusters(cut: Cut): PageCluster[] {
    return this.#clusters.map((name) => ({
      name,
      levels: this.#courses.filter(({ cluster }) => cluster === name).map((course) => this.#level(course, cut)),
    }))
  }

  #level({ cluster, of, peak, sums, looks, refused }: Course, cut: Cut): Level {
    const name = GAUGES[of].limit
    const { limit, isSet } = breakerOf(this.#scenario, cluster, name)
    const mean = sums.counts.map((sum, i) => (sum === 0 ? 0 : Number((sum / (looks.counts[i] as number)).toFixed(2))))
    return { of, peak: cut(peak), mean: cut(mean), limits: [{ name, value: limit, isDefault: !isSet }], refused: cut(refused.counts) }
  }
}
