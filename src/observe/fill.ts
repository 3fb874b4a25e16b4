import type { StatsSnapshot } from '../envoy/stats.ts'
import { type Breaker, breakerOf } from '../scenario/policy.ts'
import type { Scenario } from '../scenario/scenario.ts'

/** How full one limit of a cluster's circuit breaker is. */
export interface Fill {
  cluster: string
  limit: Breaker
  used: number
  max: number
}

export interface Ejected {
  cluster: string
  out: number
  hosts: number
}

/** The gauge of what is left of each limit. */
const LEFT: Record<Breaker, string> = {
  max_requests: 'remaining_rq',
  max_pending_requests: 'remaining_pending',
  max_retries: 'remaining_retries',
  max_connections: 'remaining_cx',
}

/** A limit that nobody set is worth telling from this share of it on. */
const IN_USE = 0.1

/** Limits that are set, or in use, as they were at one look; bursts may fall between two. */
export function breakerFill(scenario: Scenario, stats: StatsSnapshot): Fill[] {
  const { upstreams, envoy } = scenario
  return Object.keys(upstreams).flatMap((cluster) => {
    const set = Object.hasOwn(envoy.clusters, cluster) ? envoy.clusters[cluster]?.circuit_breakers : undefined
    return (Object.keys(LEFT) as Breaker[]).flatMap((limit) => {
      const left = stats[`cluster.${cluster}.circuit_breakers.default.${LEFT[limit]}`]
      // Of a budget Envoy tells what is left, not how much it is.
      if (left === undefined || (limit === 'max_retries' && set?.retry_budget !== undefined)) return []
      const { limit: max, isSet } = breakerOf(scenario, cluster, limit)
      const used = Math.max(0, max - left)
      return isSet || used >= IN_USE * max ? [{ cluster, limit, used, max }] : []
    })
  })
}

/** Clusters of which outlier detection has taken hosts out. */
export function ejectedHosts({ upstreams }: Scenario, stats: StatsSnapshot): Ejected[] {
  return Object.entries(upstreams).flatMap(([cluster, { replicas }]) => {
    const out = stats[`cluster.${cluster}.outlier_detection.ejections_active`] ?? 0
    return out > 0 ? [{ cluster, out, hosts: replicas ?? 1 }] : []
  })
}
