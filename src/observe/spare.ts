import type { Plan } from '../plan/plan.ts'
import { breakerOf } from '../scenario/policy.ts'
import type { Scenario } from '../scenario/scenario.ts'
import type { Bounds } from './crowd.ts'
import type { Observations } from './observations.ts'
import { Occupancy } from './occupancy.ts'
import type { RequestRecord } from './record.ts'
import { CLOCK_SLACK_MS } from './timeline.ts'

/** What spare rejections are read from. */
export interface Seen {
  scenario: Pick<Scenario, 'envoy'>
  plan: Pick<Plan, 'stubs'>
  observations: Pick<Observations, 'records' | 'ejections' | 'foreignCalls'>
}

/** A request that a breaker refused which may have been spare: workers of its upstream were free. */
export interface SpareRefusal {
  cluster: string
  /** False where it depends on what clocks and whole milliseconds leave open. */
  sure: boolean
}

/** What is asked of a refused call, once all that began before it is known. */
interface Refusal {
  at: number
  by: 'max_requests' | 'max_pending_requests'
  record: RequestRecord
}

/**
 * Tells of each refusal that may have been spare. Goes through the records once, and keeps only what is in flight: the
 * warm-up and other phases take workers too.
 */
export function eachSpare({ scenario, plan, observations }: Seen, tell: (record: RequestRecord, spare: SpareRefusal) => void): void {
  const upstreams = new Map([...workersOf(plan)].map(([cluster, workers]) => [cluster, new Occupancy(workers)]))
  const waiting = new Map([...upstreams.keys()].map((cluster) => [cluster, [] as Refusal[]]))
  const settle = (cluster: string, upstream: Occupancy, before: number) => {
    const own = waiting.get(cluster) as Refusal[]
    const ready = own.filter(({ at }) => at < before).sort((a, b) => a.at - b.at)
    if (ready.length > 0)
      waiting.set(
        cluster,
        own.filter(({ at }) => at >= before),
      )
    for (const { at, by, record } of ready) {
      // A limit that refuses is full, to the request.
      const inFlight = by === 'max_requests' ? breakerOf(scenario, cluster, by).limit : undefined
      const taken = upstream.at(at, inFlight)
      // Calls that nobody can place may have been anywhere, and an ejected host's workers are out of reach.
      const unclear = observations.foreignCalls > 0
      const sure = !unclear && taken.most < upstream.workers && !isEjecting(observations, cluster, at)
      if (sure || unclear || taken.least < upstream.workers) tell(record, { cluster, sure })
    }
    upstream.at(before)
  }
  for (const record of observations.records) {
    // Nothing that comes later in the records begins before it is due, but for the clocks; nor does it count before.
    for (const [cluster, upstream] of upstreams) settle(cluster, upstream, record.due - 2 * CLOCK_SLACK_MS)
    for (const call of record.calls) {
      const { cluster, rejectedBy, start, durationMs } = call.egress
      const upstream = upstreams.get(cluster ?? '')
      if (cluster === null || upstream === undefined) continue
      for (const attempt of call.attempts) upstream.add(attempt, call)
      if (rejectedBy !== null) waiting.get(cluster)?.push({ at: start + durationMs, by: rejectedBy, record })
    }
  }
  for (const [cluster, upstream] of upstreams) settle(cluster, upstream, Number.POSITIVE_INFINITY)
}

/** Workers of each replica, by cluster: none where nothing listens, infinitely many without a limit. */
function workersOf({ stubs }: Seen['plan']): Map<string, number[]> {
  const byCluster = Map.groupBy(stubs.servers, ({ cluster }) => cluster)
  return new Map(
    [...byCluster].map(([cluster, servers]) => [
      cluster,
      servers.map(({ unreachable, workers }) => (unreachable ? 0 : (workers ?? Number.POSITIVE_INFINITY))),
    ]),
  )
}

const isEjecting = ({ ejections }: Seen['observations'], cluster: string, ms: number) =>
  ejections.some((each) => each.cluster === cluster && each.from - CLOCK_SLACK_MS <= ms && ms <= each.to + CLOCK_SLACK_MS)

/** How many spare refusals there were, by phase (an index) and cluster; only clusters with a limit of workers. */
export function countSpare(seen: Seen): (phase: number) => ReadonlyMap<string, Bounds> {
  const limited = seen.plan.stubs.servers.filter(({ workers }) => workers !== undefined).map(({ cluster }) => cluster)
  if (limited.length === 0) return () => new Map()
  const counts = new Map<number, Map<string, Bounds>>()
  const of = (phase: number) => counts.get(phase) ?? new Map(limited.map((cluster) => [cluster, { least: 0, most: 0 }]))
  eachSpare(seen, ({ phase }, { cluster, sure }) => {
    const own = of(phase)
    counts.set(phase, own)
    const bounds = own.get(cluster)
    if (bounds === undefined) return
    bounds.most++
    if (sure) bounds.least++
  })
  return of
}
