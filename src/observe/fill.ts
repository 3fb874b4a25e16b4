import type { StatsSnapshot } from '../envoy/stats.ts'
import type { Scenario } from '../scenario/scenario.ts'

/** How full one limit of a cluster's circuit breaker is. */
export interface Fill {
  cluster: string
  limit: keyof typeof LIMITS
  used: number
  max: number
}

export interface Ejected {
  cluster: string
  out: number
  hosts: number
}

/** Each limit with Envoy's default and the gauge of what is left of it. */
const LIMITS = {
  max_requests: { byDefault: 1024, left: 'remaining_rq' },
  max_pending_requests: { byDefault: 1024, left: 'remaining_pending' },
  max_retries: { byDefault: 3, left: 'remaining_retries' },
  max_connections: { byDefault: 1024, left: 'remaining_cx' },
} as const

/** A limit that nobody set is worth telling from this share of it on. */
const IN_USE = 0.1

/** Limits that are set, or in use, as they were at one look; bursts may fall between two. */
export function breakerFill({ upstreams, envoy }: Scenario, stats: StatsSnapshot): Fill[] {
  return Object.keys(upstreams).flatMap((cluster) => {
    const set = Object.hasOwn(envoy.clusters, cluster) ? envoy.clusters[cluster]?.circuit_breakers : undefined
    return (Object.keys(LIMITS) as Fill['limit'][]).flatMap((limit) => {
      const left = stats[`cluster.${cluster}.circuit_breakers.default.${LIMITS[limit].left}`]
      // Of a budget Envoy tells what is left, not how much it is.
      if (left === undefined || (limit === 'max_retries' && set?.retry_budget !== undefined)) return []
      const max = set?.[limit] ?? LIMITS[limit].byDefault
      const used = Math.max(0, max - left)
      return set?.[limit] !== undefined || used >= IN_USE * max ? [{ cluster, limit, used, max }] : []
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
