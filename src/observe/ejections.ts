import type { StatsSnapshot } from '../envoy/stats.ts'
import { clustersIn, type Plan } from '../plan/plan.ts'
import { plural } from '../value/show.ts'
import type { Ejection } from './observations.ts'

/** What outlier detection did with a host. @see Envoy data.cluster.v3.OutlierDetectionEvent, test/integration/given.test.ts */
interface OutlierLine {
  /** UTC, to a millisecond: `2026-11-23T04:47:31.246Z`. */
  timestamp: string
  cluster_name: string
  /** `127.0.0.1:41925` */
  upstream_url: string
  action: 'EJECT' | 'UNEJECT'
  /** Of an EJECT: the host went out. Otherwise it was only detected. */
  enforced: boolean
}

/**
 * When which hosts were out of the load balancing, by Envoy's log of outlier detection, in the order in which they went.
 * A line that was cut off is left out; `ejectionsContradict` misses it.
 * @param log - NDJSON
 * @param startedAt - epoch ms of the start of the load
 */
export function ejectionsIn(log: string, startedAt: number): Ejection[] {
  const ejections: Ejection[] = []
  const out = new Map<string, Ejection>()
  for (const line of log.split('\n').flatMap(read)) {
    const host = `${line.cluster_name} ${line.upstream_url}`
    const at = Date.parse(line.timestamp) - startedAt
    if (line.action === 'EJECT' && line.enforced) {
      const ejection = { cluster: line.cluster_name, from: at, to: Number.POSITIVE_INFINITY }
      ejections.push(ejection)
      out.set(host, ejection)
    } else if (line.action === 'UNEJECT') {
      const ejection = out.get(host)
      if (ejection !== undefined) ejection.to = at
      out.delete(host)
    }
  }
  return ejections
}

function read(line: string): OutlierLine[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as OutlierLine]
  } catch {
    return []
  }
}

/** Each host that went out has a line in the log and counts in `ejections_enforced_total`: where the two differ, evidence was lost. */
export function ejectionsContradict(plan: Plan, ejections: readonly Ejection[], last: StatsSnapshot): string[] {
  if (Object.keys(last).length === 0) return []
  const clusters = clustersIn(plan)
  return clusters.flatMap((cluster) => {
    const counted = last[`cluster.${cluster}.outlier_detection.ejections_enforced_total`] ?? 0
    const logged = ejections.filter((ejection) => ejection.cluster === cluster).length
    return counted === logged ? [] : [`Envoy counted ${plural(counted, 'ejection')} of hosts of ${cluster}, but its log has ${logged}`]
  })
}
