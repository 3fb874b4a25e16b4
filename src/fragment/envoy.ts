import { outlierDetection } from '../envoy/cluster.ts'
import { durations } from '../envoy/duration.ts'
import { buildRetryPolicy } from '../envoy/retry-policy.ts'
import { commented } from './commented.ts'
import type { Comments, Settings } from './settings.ts'

/** The cluster and the route as Envoy has them (v3 API): keys to be put beside those that are there. */
export function envoyParts(settings: Settings) {
  const { cluster, circuit_breakers: breakers, outlier_detection: outlier, retry_policy: retry } = settings
  return {
    cluster: {
      name: cluster,
      ...(breakers === undefined ? {} : { circuit_breakers: { thresholds: [{ priority: 'DEFAULT', ...breakers }] } }),
      ...(outlier === undefined ? {} : { outlier_detection: outlierDetection(outlier) }),
    },
    route: {
      match: { prefix: '/' },
      route: {
        cluster,
        ...durations({ timeout: settings.timeout }),
        ...(retry === undefined ? {} : { retry_policy: buildRetryPolicy(retry) }),
      },
    },
  }
}

export function envoyFragment(settings: Settings, comments: Comments = {}): string {
  const { cluster, route } = envoyParts(settings)
  return commented({ ...(Object.keys(cluster).length > 1 ? { clusters: [cluster] } : {}), routes: [route] }, comments, [
    'Envoy (v3 API): keys to be put into the cluster and into its route',
  ])
}
