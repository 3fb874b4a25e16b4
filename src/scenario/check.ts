import { appFindings } from './check-app.ts'
import { impossibleClaims } from './check-claims.ts'
import { expectationFindings } from './check-expect.ts'
import { faultFindings } from './check-faults.ts'
import { loadFindings } from './check-load.ts'
import { policyFindings } from './check-policy.ts'
import type { Finding } from './finding.ts'
import type { ScenarioDocument } from './schema.ts'

/**
 * What is wrong with a scenario although each of its parts is well-formed: what could never happen, never be seen, or
 * never mean anything. Unknown names are `names.ts`'s part; here they are passed over.
 */
export function checkScenario(scenario: ScenarioDocument): Finding[] {
  return [
    ...policyFindings(scenario),
    ...appFindings(scenario),
    ...loadFindings(scenario),
    ...faultFindings(scenario),
    ...expectationFindings(scenario),
    ...impossibleClaims(scenario),
  ]
}
