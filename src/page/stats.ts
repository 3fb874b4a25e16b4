import { MEASURED_ENVOY } from '../envoy/measured.ts'
import type { Counter } from '../observe/observations.ts'
import { clustersIn, type Plan } from '../plan/plan.ts'
import type { PageStat } from './page-data.ts'

const DOCUMENTATION = `https://www.envoyproxy.io/docs/envoy/v${MEASURED_ENVOY}/configuration`
const CLUSTER = 'upstream/cluster_manager/cluster_stats'
const MANAGER = 'http/http_conn_man/stats'
const FAULT = 'http/http_filters/fault_filter#statistics'
const ROUTER = 'http/http_filters/router_filter#statistics'

/**
 * What the counters that tell of policy count, by the ends of their names, in the order in which they are read.
 * @see Envoy `configuration/upstream/cluster_manager/cluster_stats`, `configuration/http/http_filters/fault_filter`; each limit
 * has an overflow of its own, where that page has one for two: test/integration/breakers.test.ts
 */
const MEANINGS: Readonly<Record<string, string>> = {
  upstream_rq_total: 'attempts that were sent to the upstream, retries among them',
  upstream_rq_retry: 'retries that retry_on asked for and that no limit held back',
  upstream_rq_retry_success: 'retries that were answered well',
  upstream_rq_retry_limit_exceeded: 'requests that failed with all retries of num_retries used up',
  upstream_rq_retry_overflow: 'retries that were not made, because max_retries or the retry_budget was full',
  upstream_rq_per_try_timeout: 'tries that were given up by per_try_timeout',
  upstream_rq_per_try_idle_timeout: 'tries that were given up by per_try_idle_timeout',
  upstream_rq_timeout: 'requests that the timeout of their route ended',
  upstream_rq_max_duration_reached: 'requests that max_stream_duration ended',
  upstream_rq_active_overflow: 'requests that were refused, because max_requests was full',
  upstream_rq_pending_overflow: 'requests that were refused, because max_pending_requests was full',
  upstream_cx_overflow: 'times that max_connections allowed no further connection, so that requests had to wait',
  upstream_cx_connect_timeout: 'connections that were given up by connect_timeout',
  upstream_cx_connect_fail: 'connections that could not be opened',
  'outlier_detection.ejections_enforced_total': 'hosts that outlier_detection took out of the load balancing',
  'outlier_detection.ejections_overflow': 'hosts that it left in, because of max_ejection_percent',
  lb_healthy_panic: 'choices of a host among all of them, the sick ones included, because too few were well',
  'fault.delays_injected': 'requests that the fault filter held back here',
  'fault.aborts_injected': 'requests that the fault filter answered here, in place of the upstream',
  'fault.response_rl_injected': 'answers that the fault filter let through slowly here',
  'fault.faults_overflow': 'faults that were not made, because too many were active',
  downstream_rq_timeout: 'requests that request_timeout ended',
}
const RANKS = new Map(Object.keys(MEANINGS).map((end, rank) => [end, rank]))

/** The counters that tell what policy and faults did first, then all others, by their names. */
export function statsOf(counters: readonly Counter[], plan: Plan): PageStat[] {
  const clusters = clustersIn(plan).map((cluster) => `cluster.${cluster}.`)
  return counters
    .map((counter) => {
      const { name } = counter
      const owner = clusters.find((prefix) => name.startsWith(prefix) && RANKS.has(name.slice(prefix.length)))
      const end = owner === undefined ? (/^http\..*\.(fault\.\w+|downstream_rq_timeout)$/.exec(name)?.[1] ?? '') : name.slice(owner.length)
      return { counter, rank: RANKS.get(end), end, group: owner === undefined ? clusters.length : clusters.indexOf(owner) }
    })
    .sort((a, b) => Number(a.rank === undefined) - Number(b.rank === undefined) || a.group - b.group || (a.rank ?? 0) - (b.rank ?? 0))
    .map(({ counter, rank, end }) => ({
      ...counter,
      meaning: MEANINGS[end] ?? null,
      isTelling: rank !== undefined,
      link: `${DOCUMENTATION}/${pageOf(counter.name)}`,
    }))
}

function pageOf(name: string): string {
  if (name.startsWith('vhost.')) return ROUTER
  if (name.includes('.fault.')) return FAULT
  return name.startsWith('http.') ? MANAGER : CLUSTER
}
