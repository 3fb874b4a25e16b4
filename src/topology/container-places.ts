import { type Address, type Addresses, type ControlAddresses, replicaKey } from '../envoy/addresses.ts'
import type { Plan } from '../plan/plan.ts'
import type { Scenario } from '../scenario/scenario.ts'
import type { ServerSpec } from '../upstream/spec.ts'

/** As the app is told, and Envoy's shared port knows it; with a dot, which the name of no upstream has. */
export const ENVOY_ALIAS = 'envoy.chaos'
export const APP_ALIAS = 'app'

/** Where Envoy and the stubs listen, whose containers share one network; below the ports that the kernel gives to connections. */
const ADMIN_PORT = 9901
/** Of Envoy, for the control servers of the stubs. */
export const STUBS_CONTROL_PORT = 9902
const SHARED_PORT = 10_000
const FIRST_EGRESS_PORT = 10_001
const FIRST_HOP_PORT = 20_001
const FIRST_DOOR_PORT = 25_001
const FIRST_CONTROL_PORT = 9000
const FIRST_STUB_PORT = 30_001

const EVERYWHERE = '0.0.0.0'
const LOOPBACK = '127.0.0.1'

/** A folder that any user of a container may write to. */
export const LOGS_INSIDE = '/var/log/chaos'
export const JOURNAL_INSIDE = '/tmp/chaos-stub.ndjson'

export interface StubPorts {
  of(server: Pick<ServerSpec, 'cluster' | 'replica'>): number
  door(server: Pick<ServerSpec, 'cluster' | 'replica'>): number
  hop(server: Pick<ServerSpec, 'cluster' | 'replica'>): number
  /** Of the control server of the stub of a cluster. */
  control(cluster: string): number
}

export function stubPorts(servers: readonly Pick<ServerSpec, 'cluster' | 'replica'>[]): StubPorts {
  const clusters = [...new Set(servers.map(({ cluster }) => cluster))]
  const indexOf = ({ cluster, replica }: Pick<ServerSpec, 'cluster' | 'replica'>) =>
    servers.findIndex((one) => one.cluster === cluster && one.replica === replica)
  return {
    of: (server) => FIRST_STUB_PORT + indexOf(server),
    door: (server) => FIRST_DOOR_PORT + indexOf(server),
    // The stubs come first among the replicas (`addressesInside`).
    hop: (server) => FIRST_HOP_PORT + indexOf(server),
    control: (cluster) => FIRST_CONTROL_PORT + clusters.indexOf(cluster),
  }
}

/** @param stubs - where Envoy finds each replica, by replica key */
export function addressesInside({ upstreams, app }: Scenario, stubs: Readonly<Record<string, Address>>): Addresses {
  const keys = Object.keys(stubs)
  const log = (name: string) => `${LOGS_INSIDE}/${name}.ndjson`
  return {
    admin: { host: EVERYWHERE, port: ADMIN_PORT },
    shared: { host: EVERYWHERE, port: SHARED_PORT },
    // An app asks by the address that it was given: on this machine, or beside Envoy.
    sharedNames: app === undefined ? [] : [LOOPBACK, ENVOY_ALIAS],
    egress: Object.fromEntries(Object.keys(upstreams).map((cluster, i) => [cluster, { host: EVERYWHERE, port: FIRST_EGRESS_PORT + i }])),
    hops: Object.fromEntries(keys.map((key, i) => [key, { host: LOOPBACK, port: FIRST_HOP_PORT + i }])),
    stubs,
    doors: {},
    logs: { egress: log('egress'), attempts: log('attempts'), hop: log('hop'), outlier: log('outlier') },
  }
}

export const controlInside = (clusters: readonly string[], ports: StubPorts): ControlAddresses => ({
  listener: { host: EVERYWHERE, port: STUBS_CONTROL_PORT },
  stubs: Object.fromEntries(clusters.map((cluster) => [cluster, { host: LOOPBACK, port: ports.control(cluster) }])),
})

/** Where Envoy finds the stubs, by replica key. */
export const stubsBeside = (servers: readonly ServerSpec[], ports: StubPorts): Record<string, Address> =>
  Object.fromEntries(servers.map((server) => [replicaKey(server.cluster, server.replica), { host: LOOPBACK, port: ports.of(server) }]))

/** Where Envoy finds the doors, by replica key. */
export const doorsBeside = (servers: readonly ServerSpec[], ports: StubPorts): Record<string, Address> =>
  Object.fromEntries(
    servers.flatMap((server) =>
      server.door === undefined ? [] : [[replicaKey(server.cluster, server.replica), { host: LOOPBACK, port: ports.door(server) }]],
    ),
  )

/** Where an app in a container finds Envoy. */
export function addressesBeside(scenario: Scenario): Pick<Addresses, 'shared' | 'egress'> {
  const { shared, egress } = addressesInside(scenario, {})
  const beside = ({ port }: Address): Address => ({ host: ENVOY_ALIAS, port })
  return { shared: beside(shared), egress: Object.fromEntries(Object.entries(egress).map(([name, address]) => [name, beside(address)])) }
}

/** The ports of Envoy that this machine needs to reach. */
export function portsToPublish({ app, stubs }: Plan, { admin, shared, egress }: Pick<Addresses, 'admin' | 'shared' | 'egress'>): number[] {
  const own = [admin.port, shared.port, ...(stubs.servers.length === 0 ? [] : [STUBS_CONTROL_PORT])]
  return app !== undefined && app.container === undefined ? [...own, ...Object.values(egress).map(({ port }) => port)] : own
}
