import type { Plan } from '../plan/plan.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { type Address, type Addresses, doorKeys, replicaKey } from './addresses.ts'

const HOST = '127.0.0.1'
/** From here on, in order; a run takes free ports. */
const FIRST = { admin: 9901, shared: 10000, egress: 10001, hops: 11001, stubs: 12001, doors: 13001 }

/** Addresses that no run has: for a configuration to be looked at. */
export function placeholders({ upstreams }: Pick<Scenario, 'upstreams'>, { stubs }: Pick<Plan, 'stubs'>): Addresses {
  const replicas = Object.entries(upstreams).flatMap(([cluster, { replicas }]) =>
    Array.from({ length: replicas }, (_, i) => replicaKey(cluster, i + 1)),
  )
  return {
    admin: at(FIRST.admin),
    shared: at(FIRST.shared),
    sharedNames: [HOST],
    egress: inOrder(Object.keys(upstreams), FIRST.egress),
    hops: inOrder(replicas, FIRST.hops),
    stubs: inOrder(replicas, FIRST.stubs),
    doors: inOrder(doorKeys(stubs), FIRST.doors),
    logs: { egress: '/dev/null', attempts: '/dev/null', hop: '/dev/null', outlier: '/dev/null' },
  }
}

const at = (port: number): Address => ({ host: HOST, port })

const inOrder = (names: readonly string[], first: number): Record<string, Address> =>
  Object.fromEntries(names.map((name, i) => [name, at(first + i)]))
