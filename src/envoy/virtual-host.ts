import type { Scenario } from '../scenario/scenario.ts'
import { buildRoutes, fallbackRoute } from './route.ts'

/** Which routes a request takes, by the host that it asks for. */
export interface VirtualHost {
  name: string
  domains: readonly string[]
  routes: readonly unknown[]
}

/** The port of one cluster: the scenario's routes to it, and Envoy's defaults for the rest. */
export function hostOf(scenario: Scenario, cluster: string, domains: readonly string[] = ['*']): VirtualHost {
  const own = buildRoutes(scenario).filter((route) => route.cluster === cluster)
  return { name: `egress_${cluster}`, domains, routes: [...own.map((route) => route.built), fallbackRoute(cluster)] }
}

/**
 * The shared port: the scenario's routes, in order. An app may ask there for a cluster by its name, with or without a
 * port, or by one of its `hosts`; what it asks for besides that goes nowhere (404), rather than to some cluster.
 */
export function sharedHosts(scenario: Scenario, names: readonly string[]): VirtualHost[] {
  const routes = buildRoutes(scenario).map((route) => route.built)
  if (scenario.app === undefined) return [{ name: 'shared', domains: ['*'], routes }]
  const named = Object.entries(scenario.upstreams).map(([cluster, { hosts = [] }]) =>
    hostOf(scenario, cluster, [cluster, ...hosts].flatMap(withAnyPort)),
  )
  return [...named, { name: 'shared', domains: names.flatMap(withAnyPort), routes }]
}

const withAnyPort = (host: string) => (host.includes(':') ? [host] : [host, `${host}:*`])
