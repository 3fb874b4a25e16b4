import type { StubSpec } from '../upstream/spec.ts'

/** Where something listens, or can be reached. */
export interface Address {
  host: string
  port: number
}

/** `inventory/2`: a replica's hop and stub, by cluster and replica counted from 1. */
export const replicaKey = (cluster: string, replica: number) => `${cluster}/${replica}`

/** The replicas that have a door before their hop, by replica key. */
export const doorKeys = ({ servers }: Pick<StubSpec, 'servers'>): string[] =>
  servers.filter(({ door }) => door !== undefined).map(({ cluster, replica }) => replicaKey(cluster, replica))

/** All the places a configuration of Envoy refers to, as Envoy sees them; the runtime chooses them. */
export interface Addresses {
  admin: Address
  /** The port with the scenario's routes: where load goes when there is no app. */
  shared: Address
  /** One port per cluster: the address that an app is given for it. */
  egress: Readonly<Record<string, Address>>
  /** The hosts by which an app asks the shared port for the routes of the scenario. */
  sharedNames: readonly string[]
  /** Where each hop listens, by replica key; the egress cluster finds it there, or its door. */
  hops: Readonly<Record<string, Address>>
  /** Where the doors of those replicas listen that have one, by replica key. */
  doors: Readonly<Record<string, Address>>
  /** Where each hop finds its stub, by replica key. */
  stubs: Readonly<Record<string, Address>>
  /** Left out where the control servers of the stubs are reached without Envoy. */
  control?: ControlAddresses
  /** Paths of the access logs, and of what outlier detection did, as Envoy sees them. */
  logs: { egress: string; attempts: string; hop: string; outlier: string }
}

/** Where the control servers of stubs are reached that only Envoy can reach. */
export interface ControlAddresses {
  /** Where Envoy listens for it. */
  listener: Address
  /** The control server of each stub, by cluster. */
  stubs: Readonly<Record<string, Address>>
}
