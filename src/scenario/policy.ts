import { DEFAULT_CONNECT_TIMEOUT_MS, DEFAULT_IDLE_TIMEOUT_MS, DEFAULT_ROUTE_TIMEOUT_MS } from './limits.ts'
import { type Route, routesOf } from './routing.ts'
import type { ScenarioDocument } from './schema.ts'
import { type Routed, routeName, type Timeout } from './timeouts.ts'

/** What Envoy makes of a policy, where that is not what its keys seem to say. */

/** Tries of one request: without a retry_policy one, with one num_retries (1 by default) more. */
export const triesOf = ({ retry_policy: retry }: Pick<Route, 'retry_policy'>) => 1 + (retry === undefined ? 0 : (retry.num_retries ?? 1))

/** 0 where there is no limit. */
export const timeoutOf = ({ timeout }: Pick<Route, 'timeout'>): number => timeout ?? DEFAULT_ROUTE_TIMEOUT_MS

/** Whether a try that passes per_try_timeout goes on, beside the next one. */
export const isHedged = ({ hedge_policy: hedge }: Pick<Route, 'hedge_policy'>) => hedge?.hedge_on_per_try_timeout === true

/**
 * 0 where there is no limit: also where the route's own comes no later, since Envoy then drops the limit of a try, and
 * where hedging makes it the signal for the next try.
 */
export function perTryTimeoutOf(route: Route): number {
  const [perTry, whole] = [route.retry_policy?.per_try_timeout ?? 0, timeoutOf(route)]
  return isHedged(route) || (whole > 0 && perTry >= whole) ? 0 : perTry
}

/**
 * How long a limit lets a request, or a try of it, last on a route; 0 where there is no limit.
 * @param manager - `envoy.http_connection_manager`
 */
export function limitOn(
  route: Route,
  by: Exclude<Timeout, 'connect'>,
  manager: ScenarioDocument['envoy']['http_connection_manager'],
): number {
  switch (by) {
    case 'route':
      return timeoutOf(route)
    case 'per_try':
      return perTryTimeoutOf(route)
    case 'per_try_idle':
      return route.retry_policy?.per_try_idle_timeout ?? 0
    case 'idle':
      return route.idle_timeout ?? DEFAULT_IDLE_TIMEOUT_MS
    case 'max_stream_duration':
      return route.max_stream_duration?.max_stream_duration ?? 0
    case 'request':
      return manager?.request_timeout ?? 0
  }
}

/** How long a limit is where a call was routed, and whether that is Envoy's default; undefined where the scenario has no such limit. */
export function timeoutValue(
  scenario: ScenarioDocument,
  by: Timeout,
  { route: name, cluster }: Routed,
): { ms: number; isDefault: boolean } | undefined {
  if (by === 'connect') {
    const own =
      cluster !== null && Object.hasOwn(scenario.envoy.clusters, cluster) ? scenario.envoy.clusters[cluster]?.connect_timeout : undefined
    return { ms: own ?? DEFAULT_CONNECT_TIMEOUT_MS, isDefault: own === undefined }
  }
  const route = routesOf(scenario).find((_, index) => routeName(index) === name)
  if (route === undefined) return undefined
  const isDefault = (by === 'route' && route.timeout === undefined) || (by === 'idle' && route.idle_timeout === undefined)
  const ms = limitOn(route, by, scenario.envoy.http_connection_manager)
  return ms === 0 ? undefined : { ms, isDefault }
}

/** Envoy's default of `max_ejection_percent`. */
const DEFAULT_EJECTION_PERCENT = 10

export type Ejector =
  | { can: true }
  | {
      can: false
      /** `max_ejection_percent: 10 (the default) …`; undefined when there is no outlier detection at all. */
      why: string | undefined
      /** The least max_ejection_percent that lets one be ejected. */
      needed: number
    }

/**
 * Whether outlier detection can eject any host of a cluster. Envoy ejects one only while the share of those that are
 * out, this one included, stays within max_ejection_percent: 33 is too little for one of three.
 * @see test/integration/outlier.test.ts
 */
export function ejectorOf({ upstreams, envoy }: ScenarioDocument, cluster: string): Ejector {
  const detection = Object.hasOwn(envoy.clusters, cluster) ? envoy.clusters[cluster]?.outlier_detection : undefined
  const hosts = (Object.hasOwn(upstreams, cluster) ? upstreams[cluster]?.replicas : undefined) ?? 1
  const needed = Math.ceil(100 / hosts)
  if (detection === undefined) return { can: false, why: undefined, needed }
  const percent = detection.max_ejection_percent ?? DEFAULT_EJECTION_PERCENT
  if (detection.always_eject_one_host === true || percent >= needed) return { can: true }
  const spelt = `max_ejection_percent: ${percent}${detection.max_ejection_percent === undefined ? ' (the default)' : ''}`
  const none = hosts === 1 ? 'does not let the only replica' : `lets none of the ${hosts} replicas`
  return { can: false, why: `${spelt} ${none} of ${cluster} be ejected`, needed }
}

/** What to do about outlier detection that can eject nobody. */
export const ejectorHint = (needed: number) => `set max_ejection_percent to at least ${needed}, or always_eject_one_host: true`

/** Envoy's defaults of the limits of a circuit breaker. */
export const BREAKER_DEFAULTS = { max_connections: 1024, max_pending_requests: 1024, max_requests: 1024, max_retries: 3 } as const

export type Breaker = keyof typeof BREAKER_DEFAULTS
export const BREAKERS = Object.keys(BREAKER_DEFAULTS) as Breaker[]

/** The limit that is in force, and whether the scenario sets it. Where there is a retry_budget, max_retries is not heeded. */
export function breakerOf({ envoy }: Pick<ScenarioDocument, 'envoy'>, cluster: string, breaker: Breaker) {
  const policy = Object.hasOwn(envoy.clusters, cluster) ? envoy.clusters[cluster]?.circuit_breakers : undefined
  return { limit: policy?.[breaker] ?? BREAKER_DEFAULTS[breaker], isSet: policy?.[breaker] !== undefined }
}
