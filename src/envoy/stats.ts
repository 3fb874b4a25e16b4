/** Counters and gauges by Envoy's names. A name that is missing was never touched: 0. */
export type StatsSnapshot = Readonly<Record<string, number>>

/** Which stats are read: those of clusters and connection managers that say something about policy and faults. */
export const STATS_FILTER =
  '^(cluster\\..*\\.(upstream_rq_.*|upstream_cx_(total|active|overflow|connect_timeout|connect_fail|pool_overflow)|circuit_breakers\\.default\\..*|outlier_detection\\..*|membership_(healthy|total)|lb_healthy_panic)|http\\..*\\.(fault\\..*|downstream_rq_(total|active|completed|timeout))|vhost\\.hop_.*\\.route\\.chaos\\..*\\.upstream_rq_total|filesystem\\.write_failed|server\\.(live|concurrency))$'

/** Of what the filter lets through, what says how much there is at the moment; all else counts up from 0. */
const GAUGE = /(\.circuit_breakers\.default\.\w+|\.membership_(healthy|total)|_active|\.active_faults)$|^server\./

export const isCounter = (name: string) => !GAUGE.test(name)

/** Reads `/stats?format=json`. Envoy's sentinels beyond 2^53 (limits that are not set) are left out: they are no numbers to use. */
export function parseStats(json: string): StatsSnapshot {
  const { stats } = JSON.parse(json) as { stats: { name?: string; value?: unknown }[] }
  const snapshot: Record<string, number> = {}
  for (const { name, value } of stats) {
    if (name !== undefined && typeof value === 'number' && Number.isSafeInteger(value)) snapshot[name] = value
  }
  return snapshot
}

/** What a counter gained between two snapshots. */
export function gained(before: StatsSnapshot, after: StatsSnapshot, name: string): number {
  return (after[name] ?? 0) - (before[name] ?? 0)
}
