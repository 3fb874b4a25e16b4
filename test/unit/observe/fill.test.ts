import { expect, test } from 'vitest'
import { breakerFill, ejectedHosts } from '../../../src/observe/fill.ts'
import { scenarioOf } from '../../helpers/scenario.ts'

const scenario = scenarioOf(`
upstreams: { shop: { replicas: 3 }, stock: {} }
envoy:
  clusters:
    shop: { circuit_breakers: { max_requests: 40, max_retries: 4 } }
  routes:
    - { match: { prefix: /shop }, cluster: shop }
    - { match: { prefix: /stock }, cluster: stock }
load: { rate: 100/s, requests: [{ GET: /shop }, { GET: /stock }] }
phases: [{ name: only, for: 5s }]
`)
const left = (cluster: string, gauges: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(gauges).map(([name, value]) => [`cluster.${cluster}.circuit_breakers.default.${name}`, value]))

test('what is used of a limit is what is not left of it', () => {
  const stats = left('shop', { remaining_rq: 30, remaining_retries: 4 })
  expect(breakerFill(scenario, stats)).toEqual([
    { cluster: 'shop', limit: 'max_requests', used: 40 - 30, max: 40 },
    { cluster: 'shop', limit: 'max_retries', used: 0, max: 4 },
  ])
})

test("a limit that nobody set is told of from a tenth of Envoy's default on", () => {
  const one = left('stock', { remaining_retries: 3 - 1, remaining_rq: 1024 - 102, remaining_cx: 1024 - 103 })
  expect(breakerFill(scenario, one)).toEqual([
    { cluster: 'stock', limit: 'max_retries', used: 1, max: 3 },
    { cluster: 'stock', limit: 'max_connections', used: 103, max: 1024 },
  ])
})

test('a gauge that Envoy does not give says nothing', () => expect(breakerFill(scenario, {})).toEqual([]))

test('of a retry_budget nothing is told: what it allows changes with the load', () => {
  const budget = { ...scenario, envoy: { ...scenario.envoy, clusters: { shop: { circuit_breakers: { retry_budget: {} } } } } }
  expect(breakerFill(budget as unknown as typeof scenario, left('shop', { remaining_retries: 0 }))).toEqual([])
})

test('hosts that are out are told of with how many there are', () => {
  const active = { 'cluster.shop.outlier_detection.ejections_active': 2, 'cluster.stock.outlier_detection.ejections_active': 0 }
  expect(ejectedHosts(scenario, active)).toEqual([{ cluster: 'shop', out: 2, hosts: 3 }])
})
