import { expect, test } from 'vitest'
import { statsOf } from '../../../src/page/stats.ts'
import { counters, plan } from '../report/sample-run.ts'

const gained = (name: string) => ({ name, total: 1, phases: [1] })

test('counters of policy and faults come first, each explained; no counter is left out', () => {
  const shown = statsOf(counters, plan)
  expect(shown.filter(({ isTelling }) => isTelling).map(({ name }) => name)).toEqual([
    'cluster.inventory.upstream_rq_total',
    'cluster.inventory.upstream_rq_retry',
    'cluster.inventory.upstream_rq_pending_overflow',
    'http.hop_inventory_1.fault.delays_injected',
  ])
  expect(shown.map(({ name, meaning, isTelling }) => [name, isTelling === (meaning !== null)])).toEqual(
    shown.map(({ name }) => [name, true]),
  )
  expect(shown.map(({ name }) => name).sort()).toEqual(counters.map(({ name }) => name).sort())
})

test('what a cluster of the harness itself counts tells nothing of the policy', () => {
  const [stub] = statsOf([gained('cluster.stub/inventory/1.upstream_rq_total')], plan)
  expect(stub).toMatchObject({ isTelling: false, meaning: null })
})

test.each([
  ['cluster.inventory.upstream_rq_retry', '/configuration/upstream/cluster_manager/cluster_stats'],
  ['http.hop_inventory_1.fault.aborts_injected', '/configuration/http/http_filters/fault_filter#statistics'],
  ['http.admin.downstream_rq_total', '/configuration/http/http_conn_man/stats'],
  ['vhost.hop_inventory_1.route.chaos.reset.upstream_rq_total', '/configuration/http/http_filters/router_filter#statistics'],
])('%s is linked to where Envoy 1.40.0 defines it', (name, page) => {
  expect(statsOf([gained(name)], plan).map(({ link }) => link)).toEqual([`https://www.envoyproxy.io/docs/envoy/v1.40.0${page}`])
})
