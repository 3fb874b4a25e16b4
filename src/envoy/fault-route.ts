import { makingOf } from '../fault/registry.ts'
import { FAULT_HEADER } from '../fault/stub-fault.ts'
import { faultName, type PlannedFault, percentKey } from '../plan/plan.ts'
import { HTTP_FAULT, onItsRoute } from './fault-filter.ts'
import { headerMatchers } from './header-matcher.ts'

/**
 * The routes of a hop at which faults are met by route: for each fault one that is asleep until its runtime key says otherwise, and
 * the one for everybody else. The hop alone decides who meets a fault, and tells the stub by a header that nobody else can set.
 * @param cluster - of Envoy, the stub behind the hop
 * @see Envoy `config.route.v3.RouteMatch.runtime_fraction`, `Route.stat_prefix`: `vhost.<name>.route.<stat_prefix>.upstream_rq_total`
 *   counts what was sent on by the route, when it is sent (test/integration/stub-faults.test.ts)
 */
export function faultRoutes(cluster: string, faults: readonly PlannedFault[]) {
  const route = { cluster, timeout: '0s' }
  if (faults.length === 0) return [{ match: { prefix: '/' }, route }]
  return [
    ...faults.map((fault) => ({
      name: faultName(fault),
      stat_prefix: faultName(fault),
      match: {
        prefix: '/',
        ...headerMatchers(fault),
        runtime_fraction: { default_value: { numerator: 0, denominator: 'MILLION' }, runtime_key: percentKey(fault) },
      },
      route,
      ...doneBy(fault),
    })),
    { match: { prefix: '/' }, route, request_headers_to_remove: [FAULT_HEADER] },
  ]
}

/** What makes the fault of a route: the stub, which is told, or a filter that acts on this route alone. */
function doneBy(fault: PlannedFault) {
  const making = makingOf(fault.action)
  if (making.by === 'stub')
    return { request_headers_to_add: [{ header: { key: FAULT_HEADER, value: fault.id }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' }] }
  if (making.by === 'door') throw new Error(`a door makes ${fault.id}, and no route`)
  const filter =
    making.by === 'route' ? { [BY_ROUTE]: { '@type': HTTP_FAULT, ...making.filter } } : { [faultName(fault)]: onItsRoute(making) }
  return { request_headers_to_remove: [FAULT_HEADER], typed_per_filter_config: filter }
}

const BY_ROUTE = 'chaos.by-route'

/** A fault filter that does nothing but what the route says. */
export const filterByRoute = () => ({ name: BY_ROUTE, typed_config: { '@type': HTTP_FAULT } })

/** The counter of a fault's route at one hop. */
export const routeCounter = (hop: string, fault: PlannedFault) => `vhost.${hop}.route.${faultName(fault)}.upstream_rq_total`
