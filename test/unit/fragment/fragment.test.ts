import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { envoyFragment } from '../../../src/fragment/envoy.ts'
import { istioFragment, istioHost } from '../../../src/fragment/istio.ts'
import type { Settings } from '../../../src/fragment/settings.ts'
import { ms } from '../../../src/units.ts'

const ALL: Settings = {
  cluster: 'shop.default',
  timeout: ms(1000),
  retry_policy: {
    retry_on: ['5xx', 'reset'],
    num_retries: 2,
    per_try_timeout: ms(250),
    retry_back_off: { base_interval: ms(10), max_interval: ms(50) },
  },
  circuit_breakers: {
    max_connections: 20,
    max_pending_requests: 5,
    max_requests: 40,
    max_retries: 4,
    retry_budget: { budget_percent: { value: 25 }, min_retry_concurrency: 1 },
  },
  outlier_detection: { consecutive_5xx: 3, interval: ms(500), max_ejection_percent: 50, enforcing_success_rate: 0 },
}

test('Envoy has them under its own names', () => {
  const text = envoyFragment(ALL, { per_try_timeout: 'why' })
  expect(text).toContain('# why\n        per_try_timeout: 0.25s')
  expect(parse(text)).toEqual({
    clusters: [
      {
        name: 'shop.default',
        circuit_breakers: { thresholds: [{ priority: 'DEFAULT', ...ALL.circuit_breakers }] },
        outlier_detection: { consecutive_5xx: 3, interval: '0.5s', max_ejection_percent: 50, enforcing_success_rate: 0 },
      },
    ],
    routes: [
      {
        match: { prefix: '/' },
        route: {
          cluster: 'shop.default',
          timeout: '1s',
          retry_policy: {
            retry_on: '5xx,reset',
            num_retries: 2,
            per_try_timeout: '0.25s',
            retry_back_off: { base_interval: '0.01s', max_interval: '0.05s' },
          },
        },
      },
    ],
  })
})

describe('Istio', () => {
  test('has a rule for the destination and one for the route, and says what it has no field for', () => {
    const text = istioFragment(ALL)
    const [rule, route] = parseAllDocuments(text).map((document) => document.toJS())
    expect(rule).toMatchObject({ apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule', metadata: { name: 'shop-default' } })
    expect(rule.spec).toEqual({
      host: 'shop.default',
      trafficPolicy: {
        connectionPool: { tcp: { maxConnections: 20 }, http: { http1MaxPendingRequests: 5, http2MaxRequests: 40, maxRetries: 4 } },
        retryBudget: { percent: 25, minRetryConcurrency: 1 },
        outlierDetection: { consecutive5xxErrors: 3, interval: '0.5s', maxEjectionPercent: 50 },
      },
    })
    expect(route).toMatchObject({ kind: 'VirtualService' })
    expect(route.spec).toEqual({
      hosts: ['shop.default'],
      http: [
        {
          route: [{ destination: { host: 'shop.default' } }],
          timeout: '1s',
          retries: { attempts: 2, perTryTimeout: '0.25s', retryOn: '5xx,reset', backoff: '0.01s' },
        },
      ],
    })
    for (const key of ['outlier_detection.enforcing_success_rate', 'retry_policy.retry_back_off.max_interval'])
      expect(text).toContain(`# Istio has no field for ${key}`)
  })

  test('has no rule for a destination of which nothing is set', () => {
    expect(parseAllDocuments(istioFragment({ cluster: 'a', timeout: ms(5) }))).toHaveLength(1)
  })

  test.each([
    ['outbound|80||shop.default.svc.cluster.local', 'shop.default.svc.cluster.local'],
    ['shop', 'shop'],
  ])('%s is the host %s', (cluster, host) => {
    expect(istioHost(cluster)).toBe(host)
  })
})
