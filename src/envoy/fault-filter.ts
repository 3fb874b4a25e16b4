import { askedOf } from '../fault/asked.ts'
import type { FilterMaking } from '../fault/kind.ts'
import { faultName, type PlannedFault, percentKey } from '../plan/plan.ts'
import { headerMatchers } from './header-matcher.ts'

/**
 * Envoy's HTTP fault filter for one fault, asleep until its runtime key says otherwise.
 * `filter_metadata` marks each request that met it under the filter's own name.
 * @see Envoy `extensions.filters.http.fault.v3.HTTPFault`
 */
export function faultFilter(fault: PlannedFault, making: FilterMaking) {
  const asked = fault.byHeader && askedOf(fault.action)
  return {
    name: faultName(fault),
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault',
      ...(asked ?? making).filter(percentKey(fault)),
      ...headerMatchers(fault),
      // At ingress one filter chain serves every cluster; the filter must look at the route it would take.
      ...(fault.at === 'ingress' ? { upstream_cluster: fault.cluster } : {}),
      filter_metadata: { met: true },
    },
  }
}
