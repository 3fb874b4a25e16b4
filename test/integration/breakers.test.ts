import { beforeAll, describe, expect, test } from 'vitest'
import type { StatsSnapshot } from '../../src/envoy/stats.ts'
import { type Crowd, crowdAt, peaksOf } from '../../src/observe/crowd.ts'
import type { Attempt } from '../../src/observe/record.ts'
import { clusterStat, mostAtOnce, type Ran, runScenario, type StraightRecord, to } from '../helpers/scenario.ts'

const LATENCY_MS = 60
const MOST_RETRIES = 1000
/** Far above the latency, so that a stall of the machine does not reach it. */
const TRY_MS = 220
/** Logs of Envoy cut off fractions of a millisecond, and a freed place is taken in the same turn of its event loop. */
const ROUNDING_MS = 1
/** What the clocks of two processes may differ. */
const CLOCK_MS = 5

let ran: Ran

// Each path has its own cluster; about 70 requests/s go to each, so that some 4 would be in flight at once without a limit.
beforeAll(async () => {
  ran = await runScenario(`
upstreams:
  requests: { latency: ${LATENCY_MS}ms }
  pending: { latency: ${LATENCY_MS}ms }
  connections: { latency: ${LATENCY_MS}ms }
  hurried: { latency: ${LATENCY_MS}ms }
  requests_retried: { latency: 40ms }
  pending_retried: { latency: 40ms }
  no_pool: {}
  one_pool: { replicas: 2 }
  open: { latency: ${LATENCY_MS}ms }
envoy:
  clusters:
    requests: { circuit_breakers: { max_requests: 2 } }
    pending: { circuit_breakers: { max_connections: 1, max_pending_requests: 2 } }
    connections: { circuit_breakers: { max_connections: 3 } }
    hurried: { circuit_breakers: { max_connections: 2 } }
    requests_retried: { circuit_breakers: { max_requests: 2, max_retries: ${MOST_RETRIES} } }
    pending_retried: { circuit_breakers: { max_connections: 1, max_pending_requests: 1, max_retries: ${MOST_RETRIES} } }
    no_pool: { circuit_breakers: { max_connection_pools: 0 } }
    one_pool: { circuit_breakers: { max_connection_pools: 1 } }
  routes:
    - { match: { path: /requests }, cluster: requests }
    - { match: { path: /pending }, cluster: pending }
    - { match: { path: /connections }, cluster: connections }
    - { match: { path: /hurried }, cluster: hurried, retry_policy: { retry_on: [5xx], num_retries: 0, per_try_timeout: ${TRY_MS}ms } }
    - { match: { path: /requests_retried }, cluster: requests_retried, retry_policy: &retried { retry_on: [5xx], num_retries: 3, retry_back_off: { base_interval: 30ms } } }
    - { match: { path: /pending_retried }, cluster: pending_retried, retry_policy: *retried }
    - { match: { path: /no_pool }, cluster: no_pool }
    - { match: { path: /one_pool }, cluster: one_pool }
    - { match: { path: /open }, cluster: open }
load:
  rate: 480/s
  requests: [${['requests', 'pending', 'connections', 'hurried', 'requests_retried', 'pending_retried', 'open'].map((name) => `{ GET: /${name}, weight: 3 }`).join(', ')},
    { GET: /no_pool }, { GET: /one_pool }]
phases:
  - name: all
    for: 1s
    faults:
      - { cluster: requests_retried, abort: 503, percent: 50 }
      - { cluster: pending_retried, abort: 503, percent: 50 }
`)
})

const refused = (records: readonly StraightRecord[]) => records.filter((record) => record.egress?.rejectedBy !== null)
/** The requests of a path, by what became of them. */
function outcome(cluster: string) {
  const records = to(ran, `/${cluster}`)
  expect(records.length).toBeGreaterThan(0)
  return { records, refused: refused(records), answered: records.filter((record) => record.egress?.rejectedBy === null) }
}
const inFlight = (attempts: readonly Attempt[]) =>
  mostAtOnce(attempts.map(({ start, durationMs }) => ({ from: start, to: start + Math.max(0, durationMs - ROUNDING_MS) })))
const atStub = (attempts: readonly Attempt[]) =>
  mostAtOnce(attempts.flatMap(({ stub }) => (stub?.answered ? [{ from: stub.arrived, to: stub.answered }] : [])))
const attemptsOf = (records: readonly StraightRecord[]) => records.flatMap((record) => record.attempts)

test('without limits more requests are in flight than the limits below would allow', () => {
  expect(atStub(attemptsOf(outcome('open').records))).toBeGreaterThan(3)
})

test('a refusal is a 503 with no attempt, and the flag UO', () => {
  for (const record of [...outcome('requests').refused, ...outcome('pending').refused]) {
    expect(record).toMatchObject({ status: 503, attempts: [], egress: { flags: ['UO'] } })
  }
})

describe('max_requests', () => {
  test('refuses what is beyond it, and only that', () => {
    const { records, refused, answered } = outcome('requests')
    expect(refused.map((record) => record.egress?.rejectedBy)).toEqual(refused.map(() => 'max_requests'))
    expect(refused.length).toBeGreaterThan(0)
    for (const record of answered) expect(record.status).toBe(200)
    expect(inFlight(attemptsOf(records))).toBe(2)
    expect(atStub(attemptsOf(records))).toBe(2)
    // At each refusal the breaker was full.
    for (const { egress } of refused) {
      const at = egress?.start as number
      const busy = attemptsOf(records).filter(
        ({ start, durationMs }) => start <= at + ROUNDING_MS && start + durationMs >= at - ROUNDING_MS,
      )
      expect(busy.length).toBeGreaterThanOrEqual(2)
    }
  })

  test('is what upstream_rq_active_overflow counts', () => {
    expect(clusterStat(ran, 'requests', 'upstream_rq_active_overflow')).toBe(outcome('requests').refused.length)
    expect(clusterStat(ran, 'requests', 'upstream_rq_pending_overflow')).toBe(0)
  })
})

describe('max_pending_requests', () => {
  test('refuses what finds the queue before the connections full', () => {
    const { records, refused, answered } = outcome('pending')
    expect(refused.map((record) => record.egress?.rejectedBy)).toEqual(refused.map(() => 'max_pending_requests'))
    expect(refused.length).toBeGreaterThan(0)
    for (const record of answered) expect(record.status).toBe(200)
    // One on the connection, two in the queue.
    expect(inFlight(attemptsOf(records))).toBe(3)
    expect(atStub(attemptsOf(records))).toBe(1)
  })

  test('is what upstream_rq_pending_overflow counts', () => {
    expect(clusterStat(ran, 'pending', 'upstream_rq_pending_overflow')).toBe(outcome('pending').refused.length)
    expect(clusterStat(ran, 'pending', 'upstream_rq_active_overflow')).toBe(0)
  })
})

describe('max_connections', () => {
  test('queues, and refuses nothing', () => {
    const { records } = outcome('connections')
    expect(records.map((record) => record.status)).toEqual(records.map(() => 200))
    expect(atStub(attemptsOf(records))).toBe(3)
    expect(inFlight(attemptsOf(records))).toBeGreaterThan(3)
    expect(clusterStat(ran, 'connections', 'upstream_cx_overflow')).toBeGreaterThan(0)
  })

  // 70 requests/s of 60 ms on two connections, which carry 33/s: the last wait about a second.
  test('makes requests wait longer than per_try_timeout, which begins when there is a connection', () => {
    const { records } = outcome('hurried')
    expect(records.map((record) => record.status)).toEqual(records.map(() => 200))
    expect(Math.max(...attemptsOf(records).map((attempt) => attempt.durationMs))).toBeGreaterThan(1.5 * TRY_MS)
  })
})

describe.each([
  ['requests_retried', 'max_requests', 'upstream_rq_active_overflow', 'upstream_rq_pending_overflow'],
  ['pending_retried', 'max_pending_requests', 'upstream_rq_pending_overflow', 'upstream_rq_active_overflow'],
])('%s: a retry that meets %s', (cluster, limit, counter, otherCounter) => {
  test('ends the request, told apart by the same limit as a first try', () => {
    const { refused } = outcome(cluster)
    const onRetry = refused.filter(({ attempts }) => attempts.length > 0)
    expect(onRetry.length).toBeGreaterThan(0)
    expect(refused.length).toBeGreaterThan(onRetry.length)
    for (const { egress, status, attempts } of refused) {
      expect([status, egress?.rejectedBy]).toEqual([503, limit])
      // What was tried before had failed by itself; the refused try is no attempt.
      expect(attempts.map((attempt) => attempt.status)).toEqual(attempts.map(() => 503))
    }
  })

  test('is counted with the first tries', () => {
    expect(clusterStat(ran, cluster, counter)).toBe(outcome(cluster).refused.length)
    expect(clusterStat(ran, cluster, otherCounter)).toBe(0)
  })
})

describe('max_connection_pools', () => {
  test('0: no host can be used, which is no refusal of a request', () => {
    for (const record of outcome('no_pool').records) {
      expect(record).toMatchObject({
        status: 503,
        attempts: [],
        egress: { flags: ['UH'], details: 'no_healthy_upstream', rejectedBy: null },
      })
    }
    expect(clusterStat(ran, 'no_pool', 'upstream_cx_pool_overflow')).toBe(outcome('no_pool').records.length)
  })

  test('1: only the first of two replicas gets a pool', () => {
    const { records } = outcome('one_pool')
    const served = records.filter((record) => record.status === 200)
    expect(new Set(attemptsOf(served).map((attempt) => attempt.replica)).size).toBe(1)
    // Round robin: every other request goes to the replica without a pool.
    expect(Math.abs(2 * served.length - records.length)).toBeLessThanOrEqual(1)
  })
})

test('how often max_connections allowed no further connection is counted where it did', () => {
  const [{ connectionOverflows } = expect.fail()] = ran.observations.phases
  expect(connectionOverflows.connections).toBeGreaterThan(0)
  expect(connectionOverflows.open).toBe(0)
})

test('no source contradicts another', () => {
  expect(ran.observations.unsound).toEqual([])
  expect(ran.observations.faults.map((fault) => fault.doubt)).toEqual([null, null])
})

describe('how full a breaker was', () => {
  const CLUSTERS = ['requests', 'pending', 'connections', 'open']
  const RETRIED = ['requests_retried', 'pending_retried']

  test('rebuilt from the attempts, reaches its limit where it refused', () => {
    const peaks = peaksOf(ran.observations.records, CLUSTERS, [{ from: 0, to: 5000 }])
    const of = (cluster: string) => peaks.get(cluster)?.[0] ?? expect.fail()
    // What the whole milliseconds in the logs leave open may be one more; never is it one less.
    expect(of('requests').inFlight.least).toBe(2)
    expect(of('requests').inFlight.most).toBeLessThanOrEqual(3)
    expect(of('pending').pending.least).toBe(2)
    expect(of('pending').inFlight.least).toBe(1)
    expect(of('connections').inFlight.least).toBe(3)
  })

  /** Both ends, and each 3 ms in between. */
  const times = (from: number, to: number) => Array.from({ length: Math.ceil((to - from) / 3) + 1 }, (_, i) => Math.min(from + 3 * i, to))
  const left = (cluster: string) => `cluster.${cluster}.circuit_breakers.default.remaining_retries`
  test.each([
    ['requests in flight', 'inFlight', CLUSTERS, (cluster, stats) => stats[`cluster.${cluster}.upstream_rq_active`] ?? 0],
    ['retries', 'retrying', RETRIED, (cluster, stats) => MOST_RETRIES - (stats[left(cluster)] ?? MOST_RETRIES)],
  ] as [string, Crowd, string[], (cluster: string, stats: StatsSnapshot) => number][])(
    '%s: what the gauges of Envoy say at the same time',
    (_, crowd, clusters, gaugeOf) => {
      const read = ran.scrapes.flatMap(({ at, come, stats }) =>
        clusters.map((cluster) => ({
          // Between the two clocks, and while the gauges are read, as much may change as in this time; it is short but on a busy machine.
          around: times(at - CLOCK_MS, come + CLOCK_MS).map((ms) => crowdAt(ran.observations.records, cluster, crowd, ms)),
          gauge: gaugeOf(cluster, stats),
        })),
      )
      const least = (bounds: { least: number }[]) => Math.min(...bounds.map((each) => each.least))
      const most = (bounds: { most: number }[]) => Math.max(...bounds.map((each) => each.most))
      const agree = read.filter(({ around, gauge }) => gauge >= least(around) && gauge <= most(around))
      expect(read.some(({ gauge }) => gauge > 1)).toBe(true)
      // A peak between two of the times above is not seen.
      expect(agree.length / read.length).toBeGreaterThanOrEqual(0.9)
    },
  )
})
