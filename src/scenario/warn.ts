import { formatMs, trim } from '../units.ts'
import { vacuousClaims } from './check-claims.ts'
import type { Finding } from './finding.ts'
import { ejectorHint, ejectorOf, timeoutOf, triesOf } from './policy.ts'
import type { Route } from './routing.ts'
import type { ScenarioDocument } from './schema.ts'
import { unheededRequests } from './warn-asking.ts'
import { idlePolicies } from './warn-policy.ts'

/** What a sound scenario says without effect, or hardly means: nothing here is a guess about how a run will go. */
export function warningFindings(scenario: ScenarioDocument): Finding[] {
  return [
    ...idleDetection(scenario),
    ...idleTimeouts(scenario),
    ...idlePolicies(scenario),
    ...smallPercents(scenario),
    ...unheededRequests(scenario),
    ...vacuousClaims(scenario),
  ]
}

function idleDetection(scenario: ScenarioDocument): Finding[] {
  return Object.entries(scenario.envoy.clusters).flatMap(([cluster, { outlier_detection: detection }]): Finding[] => {
    const ejector = ejectorOf(scenario, cluster)
    if (detection === undefined || ejector.can || ejector.why === undefined) return []
    const part = detection.max_ejection_percent === undefined ? [] : ['max_ejection_percent']
    return [
      {
        path: ['envoy', 'clusters', cluster, 'outlier_detection', ...part],
        message: ejector.why,
        hint: ejectorHint(ejector.needed),
      },
    ]
  })
}

function idleTimeouts({ envoy: { routes = [] } }: ScenarioDocument): Finding[] {
  return routes.flatMap((route, index): Finding[] => {
    const found = idleTries(route)
    return found === undefined ? [] : [{ path: ['envoy', 'routes', index, 'retry_policy', 'per_try_timeout'], ...found }]
  })
}

/** The values of retry_on by which a try that was cut is tried again. */
const RETRIED = ['5xx', 'gateway-error', 'reset']

function idleTries(route: Route): { message: string; hint: string } | undefined {
  const [perTry, whole, tries] = [route.retry_policy?.per_try_timeout ?? 0, timeoutOf(route), triesOf(route)]
  if (perTry === 0 || whole === 0) return undefined
  const limit = `timeout: ${formatMs(whole)}${route.timeout === undefined ? ' (the default)' : ''}`
  if (perTry >= whole)
    return {
      message: `never acts: ${formatMs(perTry)} is not below ${limit}, which ends the request before`,
      hint: 'make per_try_timeout shorter than timeout',
    }
  const begun = Math.ceil(whole / perTry)
  if (begun >= tries || !route.retry_policy?.retry_on.some((on) => RETRIED.includes(on))) return undefined
  return {
    message: `of ${tries} tries that hang, only ${begun} begin: after ${begun} × ${formatMs(perTry)}, ${limit} has ended the request`,
    hint: 'shorten per_try_timeout, raise timeout, or lower num_retries',
  }
}

function smallPercents({ phases }: ScenarioDocument): Finding[] {
  return phases.flatMap(({ faults }, phase) =>
    faults.flatMap(({ percent }, fault): Finding[] =>
      percent >= 1
        ? []
        : [
            {
              path: ['phases', phase, 'faults', fault, 'percent'],
              message: `${percent} means ${percent} of 100, not a share of 1`,
              hint: `if ${trim(percent * 100, 4)} of 100 are meant, write ${trim(percent * 100, 4)}`,
            },
          ],
    ),
  )
}
