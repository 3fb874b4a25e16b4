import { DEFAULT_CONNECT_TIMEOUT_MS } from '../scenario/limits.ts'
import { isHedged } from '../scenario/policy.ts'
import { routesOf } from '../scenario/routing.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { routeName } from '../scenario/timeouts.ts'
import { isSecretHeader } from '../value/secret.ts'
import type { PlannedPolicy } from './plan.ts'

export function planPolicy(scenario: Scenario): PlannedPolicy {
  return {
    hedgedRoutes: routesOf(scenario).flatMap((route, index) => (isHedged(route) ? [routeName(index)] : [])),
    budgetedClusters: Object.entries(scenario.envoy.clusters).flatMap(([cluster, policy]) =>
      policy.circuit_breakers?.retry_budget === undefined ? [] : [cluster],
    ),
    connectTimeouts: Object.fromEntries(
      Object.keys(scenario.upstreams).map((cluster) => {
        const policy = Object.hasOwn(scenario.envoy.clusters, cluster) ? scenario.envoy.clusters[cluster] : undefined
        return [cluster, policy?.connect_timeout ?? DEFAULT_CONNECT_TIMEOUT_MS]
      }),
    ),
    routedBy: [...new Set(routesOf(scenario).flatMap(({ match }) => Object.keys(match.headers ?? {})))].filter(
      (name) => !isSecretHeader(name),
    ),
  }
}
