import { appFindings, targetFindings, untoldFindings } from './check-app.ts'
import { impossibleClaims } from './check-claims.ts'
import { expectationFindings } from './check-expect.ts'
import { faultFindings, lengthFindings } from './check-faults.ts'
import { amountFindings, requestFindings } from './check-load.ts'
import { missingRoutes, policyFindings } from './check-policy.ts'
import type { Finding } from './finding.ts'
import { ALL_PARTS, type Part } from './mend.ts'
import type { ScenarioDocument } from './schema.ts'

/**
 * What is wrong with a scenario although each of its parts is well-formed: what could never happen, never be seen, or
 * never mean anything. Unknown names are `names.ts`'s part; here they are passed over.
 * @param sound - the parts that are as they were written: what rests on another one is not checked
 */
export function checkScenario(scenario: ScenarioDocument, sound: ReadonlySet<Part> = ALL_PARTS): Finding[] {
  return CHECKS.filter(({ on }) => on.every((part) => sound.has(part))).flatMap(({ check }) => check(scenario))
}

/** Each with the parts of the scenario that it rests on. */
const CHECKS: readonly { on: readonly Part[]; check(scenario: ScenarioDocument): Finding[] }[] = [
  { on: ['upstreams', 'envoy'], check: policyFindings },
  { on: ['upstreams', 'envoy', 'app', 'load'], check: missingRoutes },
  { on: ['upstreams', 'app'], check: appFindings },
  { on: ['upstreams'], check: untoldFindings },
  { on: ['app', 'load'], check: targetFindings },
  { on: ['load', 'phases', 'amounts'], check: amountFindings },
  { on: ['upstreams', 'envoy', 'app', 'load'], check: requestFindings },
  { on: ['upstreams', 'envoy', 'app', 'load', 'phases'], check: faultFindings },
  { on: ['upstreams', 'envoy', 'app', 'load', 'phases', 'amounts'], check: lengthFindings },
  { on: ['upstreams', 'envoy', 'app', 'load', 'phases'], check: expectationFindings },
  { on: ['upstreams', 'envoy', 'app', 'load', 'phases'], check: impossibleClaims },
]
