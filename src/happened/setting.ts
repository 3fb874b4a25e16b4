import { type Breaker, breakerOf, timeoutValue } from '../scenario/policy.ts'
import { type Route, routesOf } from '../scenario/routing.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { placeOfTimeout, type Routed, routeName, type Timeout } from '../scenario/timeouts.ts'
import { formatMs } from '../units.ts'

/** A setting that may be to blame. */
export interface Setting {
  /** As messages spell places: `envoy.routes[0].retry_policy.num_retries`. */
  place: string
  /** `1000`, `5s, the default`, `not set` */
  value: string
}

export const spelt = ({ place, value }: Setting) => `${place} (${value})`

export function breakerSetting(scenario: Scenario, cluster: string, breaker: Breaker): Setting {
  const { limit, isSet } = breakerOf(scenario, cluster, breaker)
  return { place: `envoy.clusters.${cluster}.circuit_breakers.${breaker}`, value: `${limit}${isSet ? '' : ', the default'}` }
}

/** What limits the retries of a cluster: a budget takes the place of max_retries. */
export function retryLimit(scenario: Scenario, cluster: string): Setting {
  const budget = clusterOf(scenario, cluster)?.circuit_breakers?.retry_budget
  if (budget === undefined) return breakerSetting(scenario, cluster, 'max_retries')
  // Envoy's default of budget_percent is 20.
  const percent = `${budget.budget_percent?.value ?? '20, the default'}`
  return { place: `envoy.clusters.${cluster}.circuit_breakers.retry_budget`, value: `budget_percent: ${percent}` }
}

export function timeoutSetting(scenario: Scenario, by: Timeout, at: Routed): Setting {
  const known = timeoutValue(scenario, by, at)
  const value = known === undefined ? 'not set' : `${formatMs(known.ms)}${known.isDefault ? ', the default' : ''}`
  return { place: placeOfTimeout(by, at), value }
}

/** A key of a route that is no limit of time. */
export const routeSetting = (index: number, key: string, value: string | undefined): Setting => ({
  place: `envoy.routes[${index}].${key}`,
  value: value ?? 'not set',
})

export function outlierSetting(scenario: Scenario, cluster: string, key: 'base_ejection_time' | 'max_ejection_percent'): Setting {
  const own = clusterOf(scenario, cluster)?.outlier_detection
  const value =
    key === 'max_ejection_percent'
      ? (own?.max_ejection_percent ?? '10, the default')
      : own?.base_ejection_time === undefined
        ? '30s, the default'
        : formatMs(own.base_ejection_time)
  return { place: `envoy.clusters.${cluster}.outlier_detection.${key}`, value: `${value}` }
}

export const clusterOf = ({ envoy }: Pick<Scenario, 'envoy'>, cluster: string) =>
  Object.hasOwn(envoy.clusters, cluster) ? envoy.clusters[cluster] : undefined

/** The route that a call took, with its place among them; undefined for what took none of the scenario's. */
export function routeTaken(scenario: Scenario, name: string | null): { route: Route; index: number } | undefined {
  const index = routesOf(scenario).findIndex((_, i) => routeName(i) === name)
  const route = routesOf(scenario)[index]
  return route === undefined ? undefined : { route, index }
}
