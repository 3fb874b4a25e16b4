import { formatSeconds } from '../units.ts'
import { commented } from './commented.ts'
import type { Comments, Settings } from './settings.ts'

/**
 * The same for Istio: a `DestinationRule` and a `VirtualService`. What Istio has no field for is said above them, and not left out in silence.
 * @see https://istio.io/latest/docs/reference/config/networking/destination-rule/ and virtual-service/ (networking.istio.io/v1)
 */
const CIRCUIT_BREAKERS: Readonly<Record<string, readonly string[]>> = {
  max_connections: ['connectionPool', 'tcp', 'maxConnections'],
  max_pending_requests: ['connectionPool', 'http', 'http1MaxPendingRequests'],
  max_requests: ['connectionPool', 'http', 'http2MaxRequests'],
  max_retries: ['connectionPool', 'http', 'maxRetries'],
}
const RETRY_BUDGET: Readonly<Record<string, readonly string[]>> = {
  budget_percent: ['retryBudget', 'percent'],
  min_retry_concurrency: ['retryBudget', 'minRetryConcurrency'],
}
const OUTLIER_DETECTION: Readonly<Record<string, readonly string[]>> = {
  consecutive_5xx: ['outlierDetection', 'consecutive5xxErrors'],
  consecutive_gateway_failure: ['outlierDetection', 'consecutiveGatewayErrors'],
  consecutive_local_origin_failure: ['outlierDetection', 'consecutiveLocalOriginFailures'],
  split_external_local_origin_errors: ['outlierDetection', 'splitExternalLocalOriginErrors'],
  interval: ['outlierDetection', 'interval'],
  base_ejection_time: ['outlierDetection', 'baseEjectionTime'],
  max_ejection_percent: ['outlierDetection', 'maxEjectionPercent'],
}
const RETRY_POLICY: Readonly<Record<string, readonly string[]>> = {
  num_retries: ['attempts'],
  per_try_timeout: ['perTryTimeout'],
  retry_on: ['retryOn'],
}
const DURATIONS = ['interval', 'base_ejection_time', 'per_try_timeout']

type Tree = Record<string, unknown>

export function istioParts(settings: Settings) {
  const missing: string[] = []
  const policy: Tree = {}
  const retries: Tree = {}
  const { retry_budget: budget, ...breakers } = settings.circuit_breakers ?? {}
  const { retry_back_off: backOff, ...retry } = settings.retry_policy ?? {}
  put(policy, breakers, CIRCUIT_BREAKERS, 'circuit_breakers', missing)
  put(
    policy,
    { ...budget, ...(budget?.budget_percent === undefined ? {} : { budget_percent: budget.budget_percent.value }) },
    RETRY_BUDGET,
    'retry_budget',
    missing,
  )
  put(policy, settings.outlier_detection ?? {}, OUTLIER_DETECTION, 'outlier_detection', missing)
  put(retries, retry, RETRY_POLICY, 'retry_policy', missing)
  if (backOff !== undefined) {
    retries.backoff = formatSeconds(backOff.base_interval)
    if (backOff.max_interval !== undefined) missing.push('retry_policy.retry_back_off.max_interval')
  }
  const host = settings.cluster
  const name = nameOf(host)
  const meta = (kind: string) => ({ apiVersion: 'networking.istio.io/v1', kind, metadata: { name } })
  return {
    missing,
    destinationRule: Object.keys(policy).length === 0 ? undefined : { ...meta('DestinationRule'), spec: { host, trafficPolicy: policy } },
    virtualService: {
      ...meta('VirtualService'),
      spec: {
        hosts: [host],
        http: [
          {
            route: [{ destination: { host } }],
            ...(settings.timeout === undefined ? {} : { timeout: formatSeconds(settings.timeout) }),
            ...(Object.keys(retries).length === 0 ? {} : { retries }),
          },
        ],
      },
    },
  }
}

export function istioFragment(settings: Settings, comments: Comments = {}): string {
  const { destinationRule, virtualService, missing } = istioParts(settings)
  const top = [
    ...missing.map((key) => `Istio has no field for ${key}: it wants an EnvoyFilter`),
    ...(settings.retry_policy === undefined && settings.timeout !== undefined
      ? ['without retries of its own a VirtualService has those of Istio: two, by default']
      : []),
  ]
  const documents = [destinationRule, virtualService].filter((part) => part !== undefined)
  return documents.map((part, i) => commented(part, comments, i === 0 ? top : [])).join('---\n')
}

function put(
  tree: Tree,
  values: Readonly<Record<string, unknown>>,
  places: Readonly<Record<string, readonly string[]>>,
  of: string,
  missing: string[],
) {
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue
    const place = places[key]
    if (place === undefined) missing.push(`${of}.${key}`)
    else {
      let at = tree
      for (const step of place.slice(0, -1)) {
        at[step] ??= {}
        at = at[step] as Tree
      }
      at[place.at(-1) as string] = DURATIONS.includes(key) ? formatSeconds(value as number) : Array.isArray(value) ? value.join(',') : value
    }
  }
}

/** Of `outbound|80||shop.default.svc.cluster.local`, the cluster of a sidecar, the host: what rules are written for. */
export const istioHost = (cluster: string): string => /^(?:outbound|inbound)\|\d*\|[^|]*\|(.+)$/.exec(cluster)?.[1] ?? cluster

/** A name that Kubernetes takes. */
const nameOf = (host: string) =>
  host
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63) || 'tuned'
