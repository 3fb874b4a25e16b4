import { isRouted, makingOf } from '../fault/registry.ts'
import { mayBeGrpc, type Plan, type PlannedFault } from '../plan/plan.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { attemptLog, CALL_HEADER, egressLog, hopLog } from './access-log.ts'
import { type Address, replicaKey } from './addresses.ts'
import { collectIds } from './collect-ids.ts'
import { durations } from './duration.ts'
import { faultFilter } from './fault-filter.ts'
import { faultRoutes, filterByRoute } from './fault-route.ts'
import type { VirtualHost } from './virtual-host.ts'

type Log = ReturnType<typeof egressLog>

const ROUTER = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router'
/** Without a log of its attempts. */
export const plainRouter = { '@type': ROUTER }
const HTTP_CONNECTION_MANAGER = 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'

/** The side under test: routes with their timeouts and retries, and in front of the router the faults `at: ingress`. */
export function egressListener(given: {
  name: string
  address: Address
  hosts: readonly VirtualHost[]
  plan: Plan
  ingressFaults: readonly PlannedFault[]
  logs: { egress: string; attempts: string }
  manager: Scenario['envoy']['http_connection_manager']
}) {
  return listener(given.name, given.address, {
    accessLog: egressLog(given.logs.egress, given.plan, given.ingressFaults),
    manager: { ...durations(given.manager ?? {}), ...withTrailers(mayBeGrpc(given.plan)) },
    // The attempt count tells the hop and the stub which try they see.
    virtualHosts: given.hosts.map(({ routes, ...host }) => ({
      ...host,
      include_request_attempt_count: true,
      request_headers_to_add: [{ header: { key: CALL_HEADER, value: '%UNIQUE_ID%' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' }],
      routes,
    })),
    before: collectIds(given.plan),
    faults: given.ingressFaults,
    router: { '@type': ROUTER, upstream_log: attemptLog(given.logs.attempts, given.plan) },
  })
}

/** The hop in front of one replica: faults behind the router under test, and otherwise as transparent as can be. */
export function hopListener(given: {
  cluster: string
  replica: number
  /** What stands behind it. */
  isContainer: boolean
  /** Whether trailers go through. */
  trailers: boolean
  address: Address
  faults: readonly PlannedFault[]
  /** Headers that are taken off here. */
  marks: readonly string[]
  log: string
}) {
  const name = hopName(given.cluster, given.replica)
  return listener(name, given.address, {
    accessLog: hopLog(given.log, replicaKey(given.cluster, given.replica), given.faults, given.isContainer),
    // A response that breaks off ends there and then: the egress side adds a wait of its own, and must not find two.
    manager: { stream_idle_timeout: '0s', delayed_close_timeout: '0s', ...withTrailers(given.trailers) },
    virtualHosts: [
      {
        name,
        domains: ['*'],
        ...(given.marks.length === 0 ? {} : { request_headers_to_remove: given.marks }),
        routes: faultRoutes(
          stubClusterName(given.cluster, given.replica),
          given.faults.filter(({ action }) => isRouted(action)),
        ),
      },
    ],
    faults: given.faults,
    router: plainRouter,
  })
}

/** Where a gRPC call says how it ended; by itself Envoy drops those of HTTP/1. */
const withTrailers = (are: boolean) => (are ? { http_protocol_options: { enable_trailers: true } } : {})

export const hopName = (cluster: string, replica: number) => `hop_${cluster}_${replica}`
/** With a slash, which no upstream's name has: one may be called `stub_a_1`. */
export const stubClusterName = (cluster: string, replica: number) => `stub/${cluster}/${replica}`

export function listener(
  name: string,
  address: Address,
  given: {
    accessLog: Log
    manager: object
    virtualHosts: readonly VirtualHost[]
    /** Filters before those of the faults. */
    before?: readonly object[]
    faults: readonly PlannedFault[]
    router: object
  },
) {
  return {
    name,
    address: socketAddress(address),
    // Otherwise a second Envoy could share the port, and take part of the traffic, without an error.
    enable_reuse_port: false,
    filter_chains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typed_config: {
              '@type': HTTP_CONNECTION_MANAGER,
              stat_prefix: name,
              ...given.manager,
              access_log: given.accessLog,
              route_config: { name, virtual_hosts: given.virtualHosts },
              http_filters: [
                ...(given.before ?? []),
                ...faultFilters(given.faults),
                { name: 'envoy.filters.http.router', typed_config: given.router },
              ],
            },
          },
        ],
      },
    ],
  }
}

const faultFilters = (faults: readonly PlannedFault[]) => [
  ...faults.flatMap((fault) => {
    const making = makingOf(fault.action)
    return making.by === 'filter' ? [faultFilter(fault, making)] : []
  }),
  ...(faults.some(({ action }) => makingOf(action).by === 'route') ? [filterByRoute()] : []),
]

export const socketAddress = ({ host, port }: Address) => ({ socket_address: { address: host, port_value: port } })
