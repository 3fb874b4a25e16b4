import type { ControlAddresses } from './addresses.ts'
import { listener, plainRouter, socketAddress } from './listener.ts'

/** `/inventory/flush` at the listener is `/flush` of the stub of inventory. */
export const controlPath = (cluster: string, path: string) => `/${cluster}${path}`

const clusterName = (cluster: string) => `control/${cluster}`

/**
 * A port aside from the side under test. One that is published for all stubs takes Docker less time than one of each of
 * them: 50 ms and more, twice.
 */
export function controlListener({ listener: address, stubs }: ControlAddresses) {
  const routes = Object.keys(stubs).map((cluster) => ({
    match: { prefix: controlPath(cluster, '/') },
    // A journal may be long.
    route: { cluster: clusterName(cluster), prefix_rewrite: '/', timeout: '0s' },
  }))
  return listener('control', address, {
    accessLog: [],
    manager: {},
    virtualHosts: [{ name: 'control', domains: ['*'], routes }],
    faults: [],
    router: plainRouter,
  })
}

export function controlClusters({ stubs }: ControlAddresses) {
  return Object.entries(stubs).map(([cluster, address]) => {
    const name = clusterName(cluster)
    return {
      name,
      type: 'STATIC',
      load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(address) } }] }] },
    }
  })
}
