import { unreachable } from '../errors.ts'
import { abort } from '../fault/abort.ts'
import { delay } from '../fault/delay.ts'
import { comparison, type RequestTest } from '../fault/when.ts'
import { filterName, type PlannedFault, percentKey } from '../plan/plan.ts'
import type { Ms } from '../units.ts'

/**
 * Envoy's HTTP fault filter for one fault, asleep until its runtime key says otherwise.
 * `filter_metadata` marks each request that met it under the filter's own name.
 * @see Envoy `extensions.filters.http.fault.v3.HTTPFault`
 */
export function faultFilter(fault: PlannedFault) {
  return {
    name: filterName(fault),
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault',
      ...action(fault),
      ...(fault.when.length > 0 ? { headers: fault.when.map(headerMatcher) } : {}),
      // At ingress one filter chain serves every cluster; the filter must look at the route it would take.
      ...(fault.at === 'ingress' ? { upstream_cluster: fault.cluster } : {}),
      filter_metadata: { met: true },
    },
  }
}

/** @see Envoy `config.route.v3.HeaderMatcher` */
function headerMatcher(test: RequestTest) {
  const asked = comparison(test)
  switch (asked.op) {
    case 'present':
    case 'absent':
      return { name: test.name, present_match: asked.op === 'present' }
    case 'regex':
      return { name: test.name, string_match: { safe_regex: { regex: asked.text } } }
    case 'exact':
    case 'prefix':
      return { name: test.name, string_match: { [asked.op]: asked.text } }
    default:
      return unreachable(asked)
  }
}

function action(fault: PlannedFault) {
  switch (fault.action.kind) {
    case 'delay':
      return delay.filter(fault.action.value as Ms, percentKey(fault))
    case 'abort':
      return abort.filter(fault.action.value, percentKey(fault))
    default:
      return unreachable(fault.action)
  }
}

/** Runtime values that put exactly these faults in force and all others to sleep. */
export function runtimeValues(all: readonly PlannedFault[], on: readonly PlannedFault[]): Record<string, string> {
  return Object.fromEntries(all.map((fault) => [percentKey(fault), on.includes(fault) ? runtimePercent(fault.percent) : '0']))
}

/** Envoy cuts the fraction off a plain number (0.5 would be 0, 99.9 be 99), and reads this form only if no space is in it. */
export function runtimePercent(percent: number): string {
  if (Number.isInteger(percent)) return String(percent)
  return JSON.stringify({ numerator: Math.round(percent * 10_000), denominator: 'MILLION' })
}
