import { expect, test } from 'vitest'
import { LiveMetrics } from '../../../src/live/live-metrics.ts'
import { ClientLog } from '../../../src/load/client-log.ts'
import { compilePlan } from '../../../src/plan/compile.ts'
import { FAMILIES, type MetricFamily } from '../../../src/report/metric-families.ts'
import { openMetrics } from '../../../src/report/openmetrics.ts'
import { parseScenario } from '../../../src/scenario/parse.ts'
import { readOpenMetrics } from '../../helpers/openmetrics.ts'
import { failed } from '../report/sample-run.ts'

const SCENARIO = `
name: 'a"} 1 \\ b'
upstreams: { shop: {} }
envoy: { routes: [{ match: { prefix: /, headers: { authorization: Bearer s3cr3t-t0ken } }, cluster: shop }] }
load: { rate: 200/s, requests: [{ GET: /, headers: { authorization: Bearer s3cr3t-t0ken } }] }
phases: [{ name: calm, for: 2s }, { name: 's3cr3t-t0ken storm', for: 2s }]
expect: [{ p50: "<= 1m" }]
`

function begin(): LiveMetrics {
  const scenario = parseScenario(SCENARIO, 'live.yaml', () => {
    throw new Error('there are no samples')
  })
  const metrics = new LiveMetrics({ scenario, plan: compilePlan(scenario) }, { run: 'r"1', chaosVersion: '0.1.0', env: {} })
  metrics.runtime = 'process'
  metrics.envoyVersion = '1.40.0'
  return metrics
}

const valuesOf = (metrics: LiveMetrics, name: string) =>
  readOpenMetrics(metrics.render())
    .filter((sample) => sample.name === name)
    .map(({ labels: { run, ...labels }, value }) => [...Object.values(labels), value])

const stats = (counters: Record<string, number>) =>
  Object.fromEntries(Object.entries(counters).map(([name, value]) => [`cluster.shop.${name}`, value]))

test('before Envoy takes requests there is nothing, and that is a whole document', () => {
  const metrics = begin()
  metrics.envoyVersion = undefined
  expect(metrics.render()).toBe('# EOF\n')
})

test('requests are counted in their phase, by how they ended, and those that were answered by their duration', () => {
  const metrics = begin()
  const log = new ClientLog(0, 4)
  log.status.set([200, 503, 0, 0])
  log.errors.set(2, 'timeout')
  metrics.onLog(log)
  metrics.onPhase(0)
  for (let i = 0; i < 4; i++) metrics.onSent()
  metrics.onEnd(0, 4, true)
  metrics.onEnd(1, 30, false)
  metrics.onPhase(1)
  metrics.onEnd(2, 1000, false)
  expect(valuesOf(metrics, 'chaos_requests_total')).toEqual([
    ['calm', 'success', 'none', 1],
    ['calm', 'failure', '503', 1],
    ['*** storm', 'failure', 'no answer', 1],
  ])
  expect(valuesOf(metrics, 'chaos_requests_in_flight')).toEqual([[1]])
  // 4 ms: up to 5 ms; 30 ms: up to 50 ms; the third had no answer.
  expect(valuesOf(metrics, 'chaos_request_duration_seconds_bucket').map(([, le, count]) => `${le}: ${count}`)).toEqual([
    '0.005: 1',
    '0.01: 1',
    '0.025: 1',
    '0.05: 2',
    '0.1: 2',
    '0.25: 2',
    '0.5: 2',
    '1.0: 2',
    '2.5: 2',
    '5.0: 2',
    '10.0: 2',
    '+Inf: 2',
  ])
  expect(valuesOf(metrics, 'chaos_request_duration_seconds_sum')).toEqual([['calm', 0.034]])
})

test("what Envoy's counters gained counts for the phase in which it was seen, and never goes back", () => {
  const metrics = begin()
  metrics.onPhase(0)
  metrics.onStats(stats({ upstream_rq_total: 10, upstream_rq_active: 4, upstream_rq_retry: 2 }))
  // 12 were begun, of which 8 go on: Envoy did not read both at one instant.
  metrics.onStats(stats({ upstream_rq_total: 12, upstream_rq_active: 8, upstream_rq_retry: 2 }))
  metrics.onPhase(1)
  metrics.onStats(
    stats({
      upstream_rq_total: 20,
      upstream_rq_active: 1,
      upstream_rq_retry: 5,
      upstream_rq_retry_overflow: 3,
      upstream_rq_active_overflow: 6,
      upstream_rq_pending_overflow: 7,
      upstream_rq_per_try_timeout: 8,
      upstream_rq_timeout: 9,
      'outlier_detection.ejections_active': 1,
    }),
  )
  expect(valuesOf(metrics, 'chaos_attempts_total').map(([phase, , , count]) => [phase, count])).toEqual([
    ['calm', 6],
    ['*** storm', 19 - 6],
  ])
  expect(valuesOf(metrics, 'chaos_retries_total').map(([phase, , count]) => [phase, count])).toEqual([
    ['calm', 2],
    ['*** storm', 3],
  ])
  expect(valuesOf(metrics, 'chaos_retries_suppressed_total')).toEqual([['*** storm', 'shop', 'max_retries', 3]])
  expect(valuesOf(metrics, 'chaos_breaker_rejections_total').map(([, , limit, count]) => [limit, count])).toEqual([
    ['max_requests', 6],
    ['max_pending_requests', 7],
  ])
  expect(valuesOf(metrics, 'chaos_timeouts_total')).toEqual([
    ['*** storm', 'shop', "the route's timeout", 9],
    ['*** storm', 'shop', 'per_try_timeout', 8],
  ])
  expect(valuesOf(metrics, 'chaos_hosts_ejected')).toEqual([['shop', 1]])
  metrics.onStats(stats({}))
  expect(valuesOf(metrics, 'chaos_hosts_ejected')).toEqual([['shop', 0]])
})

test('the phase that goes on is told, and none when the run is over', () => {
  const metrics = begin()
  metrics.onPhase(0)
  metrics.onPhase(1)
  expect(valuesOf(metrics, 'chaos_phase_active')).toEqual([
    ['calm', 0],
    ['*** storm', 1],
  ])
  metrics.end()
  expect(valuesOf(metrics, 'chaos_phase_active').map((each) => each.at(-1))).toEqual([0, 0])
})

test('names and labels are those of the file of a run, which the same strict reader takes, and hold no secret', () => {
  const metrics = begin()
  metrics.onPhase(1)
  metrics.onStats(stats({ upstream_rq_total: 1, upstream_rq_retry: 1 }))
  const [info, ...others] = readOpenMetrics(metrics.render())
  expect(info?.labels).toMatchObject({ run: 'r\\"1', scenario: 'a\\"} 1 \\\\ b', envoy_version: '1.40.0' })
  for (const { name, labels } of [info, ...others].filter((sample) => sample !== undefined)) {
    const family = FAMILIES[name.replace(/_(total|info)$/, '') as keyof typeof FAMILIES] as MetricFamily
    expect(Object.keys(labels).toSorted()).toEqual(['run', ...family.labels].toSorted())
  }
  expect(metrics.render()).not.toContain('s3cr3t')
  expect(readOpenMetrics([...openMetrics(failed())].join('')).length).toBeGreaterThan(100)
})
