import { askedOf } from '../fault/asked.ts'
import type { FilterMaking, FilterParts } from '../fault/kind.ts'
import { isTied } from '../fault/registry.ts'
import { faultName, type PlannedFault, percentKey } from '../plan/plan.ts'
import { headerMatchers } from './header-matcher.ts'

export const HTTP_FAULT = 'type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault'

/**
 * Envoy's HTTP fault filter for one fault, asleep until its runtime key says otherwise.
 * `filter_metadata` marks each request that met it under the filter's own name.
 * @see Envoy `extensions.filters.http.fault.v3.HTTPFault`
 */
export function faultFilter(fault: PlannedFault, making: FilterMaking) {
  // It acts on the route of the fault alone.
  if (isTied(fault.action)) return { name: faultName(fault), typed_config: { '@type': HTTP_FAULT } }
  const asked = fault.byHeader && askedOf(fault.action)
  return {
    name: faultName(fault),
    typed_config: {
      '@type': HTTP_FAULT,
      ...asleep((asked ?? making).does, percentKey(fault)),
      ...headerMatchers(fault),
      // At ingress one filter chain serves every cluster; the filter must look at the route it would take.
      ...(fault.at === 'ingress' ? { upstream_cluster: fault.cluster } : {}),
      ...MARK,
    },
  }
}

/** What it does on the route of the fault, to each request that is sent there. */
export const onItsRoute = ({ does }: FilterMaking) => ({
  '@type': HTTP_FAULT,
  ...Object.fromEntries(Object.entries(does).map(([part, settings]) => [part, { ...settings, percentage: { numerator: 100 } }])),
  ...MARK,
})

const MARK = { filter_metadata: { met: true } }

const asleep = (does: FilterParts, percentKey: string) =>
  Object.fromEntries(
    Object.entries(does).flatMap(([part, settings]) => [
      [part, { ...settings, percentage: { numerator: 0 } }],
      [`${part}_percent_runtime`, percentKey],
    ]),
  )
