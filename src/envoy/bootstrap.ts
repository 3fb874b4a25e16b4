import { isAtDoor } from '../fault/registry.ts'
import { marksIn, mayBeGrpc, type Plan } from '../plan/plan.ts'
import { isContainer } from '../scenario/containers.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { type Address, type Addresses, replicaKey } from './addresses.ts'
import { policyCluster, stubCluster } from './cluster.ts'
import { controlClusters, controlListener } from './control.ts'
import { egressListener, hopListener, socketAddress } from './listener.ts'
import { hostOf, sharedHosts } from './virtual-host.ts'

/**
 * The whole configuration of Envoy, as one static document:
 *
 *     load ──► shared ─┐                     ┌──► hop of X, replica 1 ──► stub X1
 *     app  ──► egress_X┴─► cluster X (policy)┴──► hop of X, replica 2 ──► stub X2
 *
 * Before a hop there is a door where a fault of the scenario is about the connection to it (src/upstream/door.ts).
 */
export function buildBootstrap(scenario: Scenario, plan: Plan, addresses: Addresses) {
  const ingressFaults = plan.faults.filter((fault) => fault.at === 'ingress')
  const clusters = Object.entries(scenario.upstreams).map(([name, { replicas, unreachable = [], image, build }]) => ({
    name,
    isContainer: isContainer({ image, build }),
    replicas: range(replicas),
    // The egress side connects to what stands in its place: a hop would connect for it.
    reachable: range(replicas).filter((replica) => !unreachable.includes(replica)),
  }))
  const trailers = mayBeGrpc(plan)
  const manager = scenario.envoy.http_connection_manager
  return {
    admin: { address: socketAddress(addresses.admin) },
    stats_flush_on_admin: true,
    cluster_manager: { outlier_detection: { event_log_path: addresses.logs.outlier } },
    layered_runtime: { layers: [{ name: 'faults', admin_layer: {} }] },
    static_resources: {
      listeners: [
        egressListener({
          name: 'shared',
          address: addresses.shared,
          plan,
          hosts: sharedHosts(scenario, addresses.sharedNames),
          ingressFaults,
          logs: addresses.logs,
          manager,
        }),
        ...clusters.map(({ name }) =>
          egressListener({
            name: `egress_${name}`,
            address: addresses.egress[name] as Address,
            plan,
            hosts: [hostOf(scenario, name)],
            ingressFaults: ingressFaults.filter((fault) => fault.cluster === name),
            logs: addresses.logs,
            manager,
          }),
        ),
        ...clusters.flatMap(({ name, reachable, isContainer }) =>
          reachable.map((replica) =>
            hopListener({
              cluster: name,
              replica,
              isContainer,
              trailers,
              address: addresses.hops[replicaKey(name, replica)] as Address,
              faults: plan.faults.filter(
                ({ cluster, replicas, action }) => cluster === name && replicas.includes(replica) && !isAtDoor(action),
              ),
              marks: marksIn(plan),
              log: addresses.logs.hop,
            }),
          ),
        ),
        ...(addresses.control ? [controlListener(addresses.control)] : []),
      ],
      clusters: [
        ...clusters.map(({ name, replicas, reachable }) =>
          policyCluster(
            scenario,
            name,
            replicas.map((replica) => {
              const key = replicaKey(name, replica)
              return (addresses.doors[key] ?? addresses[reachable.includes(replica) ? 'hops' : 'stubs'][key]) as Address
            }),
            trailers,
          ),
        ),
        ...clusters.flatMap(({ name, reachable }) => reachable.map((replica) => stubCluster(name, replica, addresses.stubs, trailers))),
        ...(addresses.control ? controlClusters(addresses.control) : []),
      ],
    },
  }
}

export type Bootstrap = ReturnType<typeof buildBootstrap>

const range = (count: number) => Array.from({ length: count }, (_, i) => i + 1)
