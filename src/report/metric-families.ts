/** What `metrics.txt` may hold. Names end in what Prometheus asks for: `_total` is added to counters when they are written. */
export interface MetricFamily {
  type: 'counter' | 'gauge' | 'histogram' | 'info'
  unit?: 'seconds'
  help: string
  /** Besides `run`, which each has. */
  labels: readonly string[]
}

export const FAMILIES = {
  chaos_run: {
    type: 'info',
    help: 'What ran.',
    labels: ['scenario', 'file', 'seed', 'runtime', 'chaos_version', 'envoy_version', 'ending'],
  },
  chaos_phase_active: { type: 'gauge', help: '1 while the phase goes on.', labels: ['phase'] },
  chaos_requests: {
    type: 'counter',
    help: 'Client requests that ended, or whose deadline passed without an answer; why those that were no success ended so.',
    labels: ['phase', 'result', 'cause'],
  },
  chaos_request_duration_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'From the due time of a request to the end of its answer; requests without a whole answer are not in it.',
    labels: ['phase'],
  },
  chaos_requests_in_flight: { type: 'gauge', help: 'Client requests that were sent and have no end yet.', labels: [] },
  chaos_attempts: {
    type: 'counter',
    help: 'Upstream attempts that ended, and the limit of time that cut them.',
    labels: ['phase', 'cluster', 'cut_by'],
  },
  chaos_retries: { type: 'counter', help: 'Attempts after the first of a call, when they began.', labels: ['phase', 'cluster'] },
  chaos_retries_suppressed: { type: 'counter', help: 'Retries that a breaker did not let through.', labels: ['phase', 'cluster', 'limit'] },
  chaos_breaker_rejections: { type: 'counter', help: 'Calls that a breaker refused.', labels: ['phase', 'cluster', 'limit'] },
  chaos_timeouts: {
    type: 'counter',
    help: 'What each limit of time cut; no cut is counted twice.',
    labels: ['phase', 'cluster', 'timeout'],
  },
  chaos_faults_met: { type: 'counter', help: 'Attempts, or calls at ingress, that met a fault.', labels: ['phase', 'cluster', 'fault'] },
  chaos_hosts_ejected: { type: 'gauge', help: 'Hosts out of the load balancing, by outlier detection.', labels: ['cluster'] },
  chaos_claims: { type: 'gauge', help: 'Claims by how they were judged, at the end of the run.', labels: ['status'] },
} as const satisfies Record<string, MetricFamily>

export type FamilyName = keyof typeof FAMILIES

/** Upper ends of the buckets of durations, in seconds; +Inf follows. */
export const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const
