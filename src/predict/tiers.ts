import type { Finding } from '../scenario/finding.ts'
import { timeoutOf, triesOf } from '../scenario/policy.ts'
import { type Route, routesOf } from '../scenario/routing.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { formatMs } from '../units.ts'
import { tryLimitOf } from './classes.ts'
import { longestBackOffs, retriesCut } from './retry.ts'

/** The app's own client over Envoy's policy: attempts multiply over the tiers, and the outer limit should be the longer one. */
export function tierFindings(scenario: Scenario): Finding[] {
  const client = scenario.app?.client
  if (client === undefined) return []
  return [...inverted(scenario, client.timeout), ...multiplied(scenario, client.retries)]
}

/** The attempts that one call of the app can come to, at most. */
export const attemptsOverTiers = (route: Route, retries: number): number => (1 + retries) * triesOf(route)

/** The longest that Envoy works on a call; infinite without a limit. */
function longestOf(route: Route): number {
  const perTry = tryLimitOf(route)
  const most = retriesCut(route) ? triesOf(route) : 1
  const tried = perTry === 0 ? Number.POSITIVE_INFINITY : most * perTry + longestBackOffs(route, most - 1)
  const whole = timeoutOf(route)
  return whole === 0 ? tried : Math.min(whole, tried)
}

function inverted(scenario: Scenario, timeout: number | undefined): Finding[] {
  if (timeout === undefined) return []
  const longer = routesOf(scenario)
    .map((route, index) => ({ route, index, longest: longestOf(route) }))
    .filter(({ longest }) => longest > timeout)
    .toSorted((a, b) => b.longest - a.longest)
  const [worst] = longer
  if (worst === undefined) return []
  const length = Number.isFinite(worst.longest) ? `for up to ${formatMs(worst.longest)}` : 'without any limit'
  const standard = worst.route.timeout === undefined && worst.longest === timeoutOf(worst.route) ? ' (the default of timeout)' : ''
  return [
    {
      path: ['app', 'client', 'timeout'],
      message: `is shorter than what it waits for: by route-${worst.index + 1} Envoy works on a call ${length}${standard}, and the app gives it up after ${formatMs(timeout)}`,
      hint: 'the inner limit should be the shorter one: lower the timeout of the route, or raise that of the app',
    },
  ]
}

function multiplied(scenario: Scenario, retries: number): Finding[] {
  const worst = Math.max(1, ...routesOf(scenario).map(triesOf))
  if (retries === 0 || worst === 1) return []
  return [
    {
      path: ['app', 'client', 'retries'],
      message: `retries multiply over the tiers: ${1 + retries} calls of the app × ${worst} tries of Envoy are ${(1 + retries) * worst} attempts at the upstream, all failing`,
      hint: 'retry in one place only, and let max_retries or a retry_budget bound it',
    },
  ]
}
