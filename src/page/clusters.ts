import { retryLimit } from '../happened/setting.ts'
import { CROWDS, type Crowd, staysIn } from '../observe/crowd.ts'
import type { Call, RequestRecord } from '../observe/record.ts'
import { CLOCK_SLACK_MS } from '../observe/timeline.ts'
import { clustersIn, replicasIn } from '../plan/plan.ts'
import type { FinishedRun } from '../report/finished-run.ts'
import { type Breaker, breakerOf } from '../scenario/policy.ts'
import { LevelSweep } from './level-sweep.ts'
import type { Axis, Level, PageCluster } from './page-data.ts'
import { Row } from './time-axis.ts'

type Told = Pick<FinishedRun, 'scenario' | 'plan'>

/** The limits that stand beside each crowd; the first is the one that refuses. */
const LIMITS: Record<Crowd, readonly Breaker[]> = {
  inFlight: ['max_requests', 'max_connections'],
  pending: ['max_pending_requests'],
  retrying: ['max_retries'],
}

/** What each cluster had in flight, in line and at work over the time, and what its limits refused. */
export class ClusterCount {
  readonly #run: Told
  readonly #axis: Axis
  readonly #clusters: ReadonlyMap<string, OneCluster>

  constructor(run: Told, axis: Axis) {
    this.#run = run
    this.#axis = axis
    this.#clusters = new Map(clustersIn(run.plan).map((cluster) => [cluster, new OneCluster(axis)]))
  }

  add({ due, calls }: RequestRecord): void {
    // Nothing that comes later in the records begins before it is due, but for the clocks.
    for (const cluster of this.#clusters.values()) cluster.upTo(due - 2 * CLOCK_SLACK_MS)
    for (const call of calls) this.#clusters.get(call.egress.cluster ?? '')?.add(call)
  }

  end(ejections: readonly { cluster: string; from: number; to: number }[]): PageCluster[] {
    return [...this.#clusters].map(([name, counted]) => {
      const levels = CROWDS.map((crowd) => this.#crowdOf(name, crowd, counted))
      return { name, levels: [...levels, ...this.#workersOf(name, counted), ...this.#ejectedOf(name, ejections)] }
    })
  }

  #crowdOf(cluster: string, crowd: Crowd, counted: OneCluster): Level {
    const { scenario, plan } = this.#run
    const { peak, mean } = counted.crowds[crowd].end()
    const refused = counted.refused[crowd].counts
    const isBudget = crowd === 'retrying' && plan.policy.budgetedClusters.includes(cluster)
    const limits = isBudget
      ? []
      : LIMITS[crowd].map((name) => {
          const { limit, isSet } = breakerOf(scenario, cluster, name)
          return { name, value: limit, isDefault: !isSet }
        })
    const limit = limits[0]?.value
    // A limit that refuses is full, whatever whole milliseconds in a log leave open; and nothing gets past it.
    const held = limit === undefined ? peak : peak.map((most, i) => ((refused[i] ?? 0) > 0 ? limit : Math.min(most, limit)))
    return { of: crowd, peak: held, mean, limits, refused, ...(isBudget ? { budget: retryLimit(scenario, cluster).value } : {}) }
  }

  /** Of what keeps a journal: a container does not tell how busy it is. */
  #workersOf(cluster: string, counted: OneCluster): Level[] {
    const servers = this.#run.plan.stubs.servers.filter((server) => server.cluster === cluster && server.unreachable !== true)
    if (servers.length === 0) return []
    const workers = servers.reduce((sum, server) => sum + (server.workers ?? Number.POSITIVE_INFINITY), 0)
    const { peak, mean } = counted.busy.end()
    const busy: Level = {
      of: 'busy',
      // The journal tells when the next one began to a fraction of a ms: a worker that passes from one to the other is one.
      peak: peak.map((most) => Math.min(most, workers)),
      mean: mean.map((each) => Math.min(each, workers)),
      limits: Number.isFinite(workers) ? [{ name: 'workers', value: workers, isDefault: false }] : [],
      refused: [],
    }
    return Number.isFinite(workers) ? [busy, { of: 'queued', ...counted.queued.end(), limits: [], refused: [] }] : [busy]
  }

  #ejectedOf(cluster: string, ejections: readonly { cluster: string; from: number; to: number }[]): Level[] {
    const own = ejections.filter((each) => each.cluster === cluster)
    if (own.length === 0) return []
    const sweep = new LevelSweep(this.#axis)
    for (const { from, to } of own) sweep.add(from, to)
    const hosts = replicasIn(this.#run.plan).filter((replica) => replica.cluster === cluster).length
    return [{ of: 'ejected', ...sweep.end(), limits: [{ name: 'hosts', value: hosts, isDefault: false }], refused: [] }]
  }
}

class OneCluster {
  readonly crowds: Record<Crowd, LevelSweep>
  readonly refused: Record<Crowd, Row>
  readonly busy: LevelSweep
  readonly queued: LevelSweep

  constructor(axis: Axis) {
    this.crowds = { inFlight: new LevelSweep(axis), pending: new LevelSweep(axis), retrying: new LevelSweep(axis) }
    this.refused = { inFlight: new Row(axis), pending: new Row(axis), retrying: new Row(axis) }
    this.busy = new LevelSweep(axis)
    this.queued = new LevelSweep(axis)
  }

  add(call: Call): void {
    for (const crowd of CROWDS) for (const { from, to } of staysIn(call, crowd)) this.crowds[crowd].add(from.most, to.least)
    const { rejectedBy, retrySuppressedBy, start, durationMs } = call.egress
    const end = start + durationMs
    if (rejectedBy !== null) this.refused[rejectedBy === 'max_requests' ? 'inFlight' : 'pending'].add(end)
    if (retrySuppressedBy !== null) this.refused.retrying.add(end)
    for (const { stub } of call.attempts) {
      if (stub === null) continue
      this.queued.add(stub.arrived + (stub.held ?? 0), stub.started)
      // Of a fault that the stub makes, only the work takes a worker: its answer may come much later, or never.
      this.busy.add(stub.started, stub.due)
    }
  }

  upTo(ms: number): void {
    for (const sweep of [...Object.values(this.crowds), this.busy, this.queued]) sweep.upTo(ms)
  }
}
