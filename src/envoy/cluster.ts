import type { Scenario } from '../scenario/scenario.ts'
import { formatSeconds } from '../units.ts'
import { type Address, replicaKey } from './addresses.ts'
import { durations } from './duration.ts'
import { socketAddress, stubClusterName } from './listener.ts'

const UNLIMITED = 1_000_000

/** The cluster under test: the scenario's policy over the hops, which stand for the replicas. */
export function policyCluster(scenario: Scenario, name: string, hops: readonly Address[], trailers: boolean) {
  const policy = Object.hasOwn(scenario.envoy.clusters, name) ? scenario.envoy.clusters[name] : undefined
  return {
    name,
    type: 'STATIC',
    ...durations({ connect_timeout: policy?.connect_timeout }),
    ...(policy?.lb_policy === undefined ? {} : { lb_policy: policy.lb_policy }),
    // The gauges of what is left of each limit show how full a breaker is.
    circuit_breakers: { thresholds: [{ priority: 'DEFAULT', ...policy?.circuit_breakers, track_remaining: true }] },
    // By default an ejection can take 1 s to reach the workers, though the counters say it at once.
    common_lb_config: { ...policy?.common_lb_config, update_merge_window: '0s' },
    ...(policy?.outlier_detection === undefined ? {} : { outlier_detection: outlierDetection(policy.outlier_detection) }),
    ...withTrailers(trailers),
    load_assignment: loadAssignment(name, hops, policy?.load_balancing_weight),
  }
}

/** From a hop to its stub: no limit of its own. */
export function stubCluster(cluster: string, replica: number, stubs: Readonly<Record<string, Address>>, trailers: boolean) {
  const name = stubClusterName(cluster, replica)
  const limits = { max_connections: UNLIMITED, max_pending_requests: UNLIMITED, max_requests: UNLIMITED, max_retries: UNLIMITED }
  return {
    name,
    type: 'STATIC',
    circuit_breakers: { thresholds: [limits] },
    ...withTrailers(trailers),
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(stubs[replicaKey(cluster, replica)] as Address) } }] }],
    },
  }
}

const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'

/** As at the listeners. */
const withTrailers = (are: boolean) =>
  are
    ? {
        typed_extension_protocol_options: {
          [HTTP_OPTIONS]: {
            '@type': `type.googleapis.com/${HTTP_OPTIONS}`,
            explicit_http_config: { http_protocol_options: { enable_trailers: true } },
          },
        },
      }
    : {}

function loadAssignment(name: string, addresses: readonly Address[], weights: Readonly<Record<string, number>> = {}) {
  const endpoint = (address: Address, index: number) => {
    const weight = weights[index + 1]
    return {
      // The log of attempts calls it so, also when it was never reached.
      endpoint: { address: socketAddress(address), hostname: replicaKey(name, index + 1) },
      ...(weight === undefined ? {} : { load_balancing_weight: weight }),
    }
  }
  return { cluster_name: name, endpoints: [{ lb_endpoints: addresses.map(endpoint) }] }
}

const DURATIONS = new Set(['interval', 'base_ejection_time', 'max_ejection_time'])

/** Its keys with durations as Envoy spells them. */
export function outlierDetection(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [key, DURATIONS.has(key) ? formatSeconds(value as number) : value]),
  )
}
