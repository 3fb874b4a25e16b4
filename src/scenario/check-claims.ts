import { type Condition, holds } from '../value/condition.ts'
import { listed, plural, show } from '../value/show.ts'
import { concerned } from './check-expect.ts'
import type { Expectation } from './expect-schema.ts'
import type { Finding } from './finding.ts'
import { ejectorHint, ejectorOf, isHedged, limitOn, triesOf } from './policy.ts'
import { goesStraight, type Route, routeFor } from './routing.ts'
import type { DocumentPath } from './scenario.ts'
import type { ScenarioDocument } from './schema.ts'
import { nameOfTimeout, TIMEOUTS, type Timeout } from './timeouts.ts'

/** Claims on something that the policy under test can never do. */

/** Claims that no run could pass: they ask for it. */
export function impossibleClaims(scenario: ScenarioDocument): Finding[] {
  return scenario.expect.flatMap((claim, index) => [
    ...nevers(scenario, claim)
      .filter(({ condition }) => !holds(condition, 0))
      .map(({ path, why, hint }): Finding => ({ path: ['expect', index, ...path], message: `can never hold: ${why}`, hint })),
    ...tooManyTries(scenario, claim).map((found): Finding => ({ ...found, path: ['expect', index, ...found.path] })),
  ])
}

/** Claims that no run could fail: they ask that it does not happen. */
export function vacuousClaims(scenario: ScenarioDocument): Finding[] {
  return scenario.expect.flatMap((claim, index) =>
    nevers(scenario, claim)
      .filter(({ condition, told }) => holds(condition, 0) && !told)
      .map(
        ({ path, why }): Finding => ({
          path: ['expect', index, ...path],
          message: `holds whatever happens: ${why}`,
          hint: 'leave it out, or set up what it is about',
        }),
      ),
  )
}

/** A count that stays at zero. */
interface Never {
  /** In the claim. */
  path: DocumentPath
  condition: Condition
  why: string
  hint: string
  /** The policy is warned of already. */
  told?: boolean
}

function nevers(scenario: ScenarioDocument, claim: Expectation): Never[] {
  const { ejections, given } = claim
  return [
    ...(ejections === undefined ? [] : noEjections(scenario, claim, ['ejections'], ejections)),
    ...(given?.ejection === 'any' ? noEjections(scenario, claim, ['given', 'ejection'], SOME) : []),
    ...neverRouted(scenario, claim),
  ]
}

/** What selects requests by something that happened to them asks that it did. */
const SOME: Condition = { op: '>=', value: 1, source: '>= 1' }

function noEjections(scenario: ScenarioDocument, claim: Expectation, path: DocumentPath, condition: Condition): Never[] {
  const clusters = claim.cluster === undefined ? Object.keys(scenario.upstreams) : [claim.cluster]
  // An unknown cluster is names.ts's finding.
  if (!clusters.every((cluster) => Object.hasOwn(scenario.upstreams, cluster))) return []
  const ejectors = clusters.map((cluster) => ({ cluster, ejector: ejectorOf(scenario, cluster) }))
  if (ejectors.some(({ ejector }) => ejector.can)) return []
  const hindered = ejectors.flatMap(({ ejector }) => (ejector.can || ejector.why === undefined ? [] : [{ ...ejector, why: ejector.why }]))
  if (hindered.length > 0) {
    const why = listed(
      hindered.map((each) => each.why),
      'and',
    )
    return [{ path, condition, why, hint: ejectorHint(Math.max(...hindered.map(({ needed }) => needed))), told: true }]
  }
  const [only, ...others] = clusters
  const who = others.length === 0 ? `${only} has no` : 'no cluster has'
  return [
    {
      path,
      condition,
      why: `${who} outlier_detection, which is what ejects hosts`,
      hint: `add it under envoy.clusters.${others.length === 0 ? only : '<name>'}`,
    },
  ]
}

/**
 * The routes that the requests of a claim take; none where that is not known. An app between the load and Envoy may
 * make several calls for one request, and may set a policy of its own by headers.
 */
function routesOfClaim(scenario: ScenarioDocument, claim: Expectation): Route[] {
  if (!goesStraight(scenario)) return []
  const routes = concerned(scenario, claim).map((request) => routeFor(scenario, request))
  return routes.every((route) => route !== undefined) ? [...new Set(routes)] : []
}

function neverRouted(scenario: ScenarioDocument, claim: Expectation): Never[] {
  const routes = routesOfClaim(scenario, claim)
  if (routes.length === 0) return []
  const { retries, retries_suppressed, timeouts, given } = claim
  const parts = timeouts === undefined || 'op' in timeouts ? {} : timeouts
  const found: Never[] = []
  const retried: [DocumentPath, Condition | undefined][] = [
    [['retries'], retries],
    [['retries_suppressed'], retries_suppressed],
    [['given', 'retried'], given?.retried ? SOME : undefined],
    [['given', 'suppressed'], asked(given?.suppressed)],
  ]
  for (const [path, condition] of retried) {
    if (condition === undefined || routes.some((route) => triesOf(route) > 1)) continue
    const idle = routes.some((route) => route.retry_policy !== undefined)
    const why = idle ? lacking(routes, 'num_retries above 0') : lacking(routes, 'retry_policy')
    found.push({ path, condition, why, hint: idle ? 'raise num_retries' : 'give the route a retry_policy' })
  }
  for (const by of TIMEOUTS) {
    if (by === 'connect' || routes.some((route) => limitOn(route, by, scenario.envoy.http_connection_manager) > 0)) continue
    const never = noLimit(routes, by)
    const condition = parts[by]
    if (condition !== undefined) found.push({ path: ['timeouts', by], condition, ...never })
    if (given?.timeout === by) found.push({ path: ['given', 'timeout'], condition: SOME, ...never })
  }
  return found
}

const asked = (event: string | undefined) => (event === undefined || event === 'none' ? undefined : SOME)

/** Why a limit can cut nothing on these routes. */
function noLimit(routes: readonly Route[], by: Timeout): Pick<Never, 'why' | 'hint' | 'told'> {
  const name = by === 'route' ? 'timeout' : nameOfTimeout(by)
  const hasPerTry = routes.filter((route) => (route.retry_policy?.per_try_timeout ?? 0) > 0)
  if (by === 'per_try' && hasPerTry.some(isHedged))
    return { why: 'hedge_policy lets a try go on that passes per_try_timeout', hint: 'claim retries, which count the tries that it begins' }
  if (by === 'per_try' && hasPerTry.length > 0)
    return { why: lacking(routes, 'per_try_timeout below its timeout'), hint: 'make per_try_timeout shorter than timeout', told: true }
  if (by === 'request') return { why: 'there is no request_timeout', hint: 'set envoy.http_connection_manager.request_timeout' }
  if (by === 'route' || by === 'idle')
    return { why: lacking(routes, `${name} above 0s, and 0s means no limit`), hint: `give the route a ${name}` }
  return {
    why: lacking(routes, name),
    hint: `give ${by === 'max_stream_duration' ? 'the route' : 'the retry_policy of the route'} a ${name}`,
  }
}

function lacking(routes: readonly Route[], what: string): string {
  const [only, ...others] = routes
  return only === undefined || others.length > 0
    ? `no route of these requests has a ${what}`
    : `the route to ${only.cluster} has no ${what}`
}

/** More attempts than the policy allows. */
function tooManyTries(scenario: ScenarioDocument, claim: Expectation): Finding[] {
  const routes = routesOfClaim(scenario, claim)
  if (routes.length === 0) return []
  const most = Math.max(...routes.map(triesOf))
  const asked: [DocumentPath, Condition | undefined][] = [
    [['given', 'attempts'], claim.given?.attempts],
    [['attempts'], claim.attempts],
    [['attempts_per_request'], claim.attempts_per_request],
    // With retries there is no such limit: a request whose retry a breaker refuses does not count, but its attempts do.
    [['retry_amplification'], most === 1 ? claim.retry_amplification : undefined],
  ]
  return asked.flatMap(([path, condition]): Finding[] => {
    if (condition === undefined || leavesRoom(condition, most)) return []
    const allowed = most === 1 ? 'without retries there is 1 attempt at most' : `num_retries allows ${plural(most, 'attempt')} at most`
    const hint =
      most === 1 ? 'give the route a retry_policy, or ask for less' : 'raise num_retries (1 when it is left out), or ask for less'
    return [{ path, message: `${show(condition.source)} can never hold: ${allowed}`, hint }]
  })
}

/** Whether a number that is at most this can satisfy a condition. */
function leavesRoom(condition: Condition, most: number): boolean {
  switch (condition.op) {
    case '>=':
    case '=':
      return condition.value <= most
    case '>':
      return condition.value < most
    case 'between':
      return condition.low <= most
    case '<=':
    case '<':
      return true
  }
}
