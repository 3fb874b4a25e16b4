import { plural, show } from '../value/show.ts'
import type { Finding } from './finding.ts'
import { covers, goesStraight } from './routing.ts'
import type { ScenarioDocument } from './schema.ts'

/** Upstreams, thresholds and routes that cannot work. */
export function policyFindings(scenario: ScenarioDocument): Finding[] {
  return [
    ...answers(scenario),
    ...closedBreakers(scenario),
    ...strangersWeights(scenario),
    ...unreachableStrangers(scenario),
    ...shadowedRoutes(scenario),
  ]
}

const NO_BODY = [204, 205, 304]

function answers({ upstreams }: ScenarioDocument): Finding[] {
  return Object.entries(upstreams).flatMap(([upstream, { respond }]): Finding[] => {
    const part = respond?.body !== undefined ? 'body' : respond?.json !== undefined ? 'json' : undefined
    if (respond === undefined || part === undefined || !NO_BODY.includes(respond.status)) return []
    return [
      {
        path: ['upstreams', upstream, 'respond', part],
        message: `an answer with status ${respond.status} has no body`,
        hint: `leave ${part} out, or answer with another status`,
      },
    ]
  })
}

/** Measured: with either at 0, 0 of 50 requests pass, warm or cold. */
const ZERO_CLOSES = {
  max_requests: 'since no request may be in flight',
  max_pending_requests: 'since the first request too waits in the pending queue for its connection',
} as const

function closedBreakers({ envoy }: ScenarioDocument): Finding[] {
  return Object.entries(envoy.clusters).flatMap(([cluster, { circuit_breakers: breakers }]) =>
    (Object.keys(ZERO_CLOSES) as (keyof typeof ZERO_CLOSES)[])
      .filter((limit) => breakers?.[limit] === 0)
      .map(
        (limit): Finding => ({
          path: ['envoy', 'clusters', cluster, 'circuit_breakers', limit],
          message: `expected at least 1: with 0 nothing passes, ${ZERO_CLOSES[limit]}`,
        }),
      ),
  )
}

function strangersWeights({ upstreams, envoy }: ScenarioDocument): Finding[] {
  return Object.entries(envoy.clusters).flatMap(([cluster, { load_balancing_weight: weights = {} }]) => {
    const replicas = Object.hasOwn(upstreams, cluster) ? upstreams[cluster]?.replicas : undefined
    if (replicas === undefined) return []
    return Object.keys(weights)
      .filter((replica) => Number(replica) > replicas)
      .map(
        (replica): Finding => ({
          path: ['envoy', 'clusters', cluster, 'load_balancing_weight', replica],
          at: 'key',
          message: `there is no replica ${replica}: ${cluster} has ${plural(replicas, 'replica')}`,
          hint: 'replicas count from 1; upstreams says how many there are',
        }),
      )
  })
}

function unreachableStrangers({ upstreams }: ScenarioDocument): Finding[] {
  return Object.entries(upstreams).flatMap(([upstream, { replicas, unreachable = [] }]) =>
    unreachable.flatMap((replica, index): Finding[] =>
      replica <= replicas
        ? []
        : [
            {
              path: ['upstreams', upstream, 'unreachable', index],
              message: `there is no replica ${replica}: ${upstream} has ${plural(replicas, 'replica')}`,
              hint: 'replicas count from 1',
            },
          ],
    ),
  )
}

/** Load that does not know where to go. */
export function missingRoutes(scenario: ScenarioDocument): Finding[] {
  const names = Object.keys(scenario.upstreams)
  if (scenario.envoy.routes !== undefined || names.length < 2 || !goesStraight(scenario)) return []
  const first = show(names[0])
  return [
    {
      path: ['envoy', 'routes'],
      message: `the key "routes" is missing: with ${names.length} upstreams the load needs to know where to go`,
      hint: `for example routes: [ { match: { prefix: / }, cluster: ${first.slice(1, -1)} } ]`,
    },
  ]
}

/** An app asks at a port of each cluster, where only the routes to that cluster count. */
function shadowedRoutes({ envoy: { routes = [] }, app }: ScenarioDocument): Finding[] {
  return routes.flatMap(({ match, cluster }, index): Finding[] => {
    const before = routes.findIndex(
      (route, earlier) => earlier < index && covers(route.match, match) && (app === undefined || route.cluster === cluster),
    )
    if (before < 0) return []
    return [
      {
        path: ['envoy', 'routes', index, 'match'],
        message: `no request reaches this route: envoy.routes[${before}] takes them all before it`,
        hint: 'the first match wins: put the narrower route first',
      },
    ]
  })
}
