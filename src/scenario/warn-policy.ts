import { formatMs } from '../units.ts'
import { listed } from '../value/show.ts'
import type { Finding } from './finding.ts'
import { ejectorOf, isHedged, timeoutOf, triesOf } from './policy.ts'
import { RETRY_ON_GRPC } from './retry-schema.ts'
import { goesStraight, isGrpcKind, type Route, requestsOf, routeFor } from './routing.ts'
import type { ScenarioDocument } from './schema.ts'

/** Settings of Envoy's that are well-formed and do nothing, because of what stands, or does not stand, beside them. */
export function idlePolicies(scenario: ScenarioDocument): Finding[] {
  const { clusters, routes = [] } = scenario.envoy
  return [
    ...Object.keys(clusters).flatMap((cluster) => under(['envoy', 'clusters', cluster], idleInCluster(scenario, cluster))),
    ...routes.flatMap((route, index) => under(['envoy', 'routes', index], idleInRoute(scenario, route))),
  ]
}

const under = (place: Finding['path'], found: readonly Finding[]) =>
  found.map((each): Finding => ({ ...each, path: [...place, ...each.path] }))

function idleInCluster(scenario: ScenarioDocument, cluster: string): Finding[] {
  const {
    circuit_breakers: breakers,
    common_lb_config: balancing,
    load_balancing_weight: weights,
    lb_policy,
  } = scenario.envoy.clusters[cluster] ?? {}
  const found: Finding[] = []
  if (breakers?.retry_budget !== undefined && breakers.max_retries !== undefined)
    found.push({
      path: ['circuit_breakers', 'max_retries'],
      message: 'says nothing beside retry_budget, which takes its place',
      hint: 'leave one of them out',
    })
  if (weights !== undefined && lb_policy === 'RANDOM')
    found.push({
      path: ['load_balancing_weight'],
      message: 'says nothing: RANDOM pays no heed to weights',
      hint: 'choose another lb_policy',
    })
  if (balancing?.healthy_panic_threshold !== undefined && !ejectorOf(scenario, cluster).can)
    found.push({
      path: ['common_lb_config', 'healthy_panic_threshold'],
      message: `never acts: nothing ejects a host of ${cluster}`,
      hint: 'it goes with outlier_detection that can eject hosts',
    })
  return found
}

function idleInRoute(scenario: ScenarioDocument, route: Route): Finding[] {
  const { upstreams } = scenario
  const { retry_policy: retry } = route
  const found: Finding[] = []
  const idle = (path: Finding['path'], message: string, hint: string) => found.push({ path, message, hint })
  if (isHedged(route)) {
    const missing = [
      ...((retry?.per_try_timeout ?? 0) > 0 ? [] : ['a per_try_timeout']),
      ...(triesOf(route) > 1 ? [] : ['a retry_policy with num_retries above 0']),
    ]
    if (missing.length > 0) idle(['hedge_policy'], `never acts: it needs ${listed(missing, 'and')}`, 'add what is missing, or leave it out')
  }
  if (retry === undefined) return found
  const perRetry = (key: string) => ['retry_policy', key]

  for (const [key, value] of [
    ['retriable_status_codes', 'retriable-status-codes'],
    ['retriable_headers', 'retriable-headers'],
  ] as const) {
    const [given, asked] = [retry[key] !== undefined, retry.retry_on.includes(value)]
    if (given && !asked) idle(perRetry(key), `never acts: retry_on does not have ${value}`, `add ${value} to retry_on`)
    if (asked && !given) idle(perRetry('retry_on'), `${value} never acts: there are no ${key}`, `add ${key}`)
  }
  const ofGrpc = retry.retry_on.filter((value) => (RETRY_ON_GRPC as readonly string[]).includes(value))
  const calls = requestsOf(scenario).some((request) => isGrpcKind(request) && routeFor(scenario, request) === route)
  if (ofGrpc.length > 0 && goesStraight(scenario) && !calls)
    idle(
      perRetry('retry_on'),
      `${listed(ofGrpc, 'and')} ${ofGrpc.length === 1 ? 'is' : 'are'} about gRPC calls, and none of the load takes this route`,
      'send some, with content-type: application/grpc, or leave out what is about them',
    )
  if (retry.retry_host_predicate !== undefined && Object.hasOwn(upstreams, route.cluster) && upstreams[route.cluster]?.replicas === 1)
    idle(
      perRetry('retry_host_predicate'),
      `never acts: ${route.cluster} has one replica, and a retry has nowhere else to go`,
      'add replicas',
    )
  if (retry.host_selection_retry_max_attempts !== undefined && retry.retry_host_predicate === undefined)
    idle(
      perRetry('host_selection_retry_max_attempts'),
      'never acts: it is for retry_host_predicate',
      'add retry_host_predicate: [previous_hosts]',
    )

  const silence = retry.per_try_idle_timeout ?? 0
  const shorter = [
    { name: 'per_try_timeout', ms: retry.per_try_timeout ?? 0 },
    { name: `timeout${route.timeout === undefined ? ' (the default)' : ''}`, ms: timeoutOf(route) },
  ].find(({ ms }) => ms > 0 && ms <= silence)
  if (silence > 0 && shorter !== undefined && !isHedged(route))
    idle(
      perRetry('per_try_idle_timeout'),
      `never acts: ${formatMs(silence)} is not below ${shorter.name}: ${formatMs(shorter.ms)}, which ends a silent try before`,
      `make it shorter than ${shorter.name.split(' ')[0]}`,
    )
  return found
}
