import { type Route, routesOf } from '../scenario/routing.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { routeName } from '../scenario/timeouts.ts'
import { durations } from './duration.ts'
import { buildRetryPolicy, exactly } from './retry-policy.ts'

/** Envoy's routes for the scenario's, named by their place. Envoy takes the first that matches. */
export function buildRoutes(scenario: Scenario) {
  return routesOf(scenario).map((route, index) => ({ cluster: route.cluster, built: buildRoute(route, routeName(index)) }))
}

/** What an app meets on the port of a cluster that has no catch-all route: Envoy's defaults. */
export function fallbackRoute(cluster: string) {
  return buildRoute({ match: { prefix: '/' }, cluster }, 'default')
}

function buildRoute(route: Route, name: string) {
  const { match, retry_policy: retry, max_stream_duration: life } = route
  return {
    name,
    match: {
      ...(match.prefix === undefined ? {} : { prefix: match.prefix }),
      ...(match.path === undefined ? {} : { path: match.path }),
      ...(match.headers === undefined ? {} : { headers: exactly(match.headers) }),
    },
    route: {
      cluster: route.cluster,
      ...durations({ timeout: route.timeout, idle_timeout: route.idle_timeout }),
      ...(life === undefined ? {} : { max_stream_duration: durations(life) }),
      ...(route.hedge_policy === undefined ? {} : { hedge_policy: route.hedge_policy }),
      ...(retry === undefined ? {} : { retry_policy: buildRetryPolicy(retry) }),
    },
  }
}
