import { type Route, routesOf } from '../scenario/routing.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { formatSeconds } from '../units.ts'

/** Envoy's routes for the scenario's, named by their place: `route-1` is the first. Envoy takes the first that matches. */
export function buildRoutes(scenario: Scenario) {
  return routesOf(scenario).map((route, index) => ({ cluster: route.cluster, built: buildRoute(route, `route-${index + 1}`) }))
}

/** What an app meets on the port of a cluster that has no catch-all route: Envoy's defaults. */
export function fallbackRoute(cluster: string) {
  return buildRoute({ match: { prefix: '/' }, cluster }, 'default')
}

function buildRoute(route: Route, name: string) {
  const { match, retry_policy: retry } = route
  return {
    name,
    match: {
      ...(match.prefix === undefined ? {} : { prefix: match.prefix }),
      ...(match.path === undefined ? {} : { path: match.path }),
      ...(match.headers === undefined
        ? {}
        : { headers: Object.entries(match.headers).map(([header, value]) => ({ name: header, string_match: { exact: value } })) }),
    },
    route: {
      cluster: route.cluster,
      ...(route.timeout === undefined ? {} : { timeout: formatSeconds(route.timeout) }),
      ...(retry === undefined
        ? {}
        : {
            retry_policy: {
              retry_on: retry.retry_on.join(','),
              ...(retry.num_retries === undefined ? {} : { num_retries: retry.num_retries }),
              ...(retry.per_try_timeout === undefined ? {} : { per_try_timeout: formatSeconds(retry.per_try_timeout) }),
              ...(retry.retry_back_off === undefined
                ? {}
                : {
                    retry_back_off: {
                      base_interval: formatSeconds(retry.retry_back_off.base_interval),
                      ...(retry.retry_back_off.max_interval === undefined
                        ? {}
                        : { max_interval: formatSeconds(retry.retry_back_off.max_interval) }),
                    },
                  }),
            },
          }),
    },
  }
}
