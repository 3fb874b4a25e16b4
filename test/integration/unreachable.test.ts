import { beforeAll, expect, test } from 'vitest'
import { tellRequest } from '../../src/report/story.ts'
import { clusterStat, type Ran, runScenario, to } from '../helpers/scenario.ts'

/** Envoy's timers come up to some ms early. */
const EARLY_MS = 15
/** What two shared cores may add to any wait. */
const MACHINE_LAG_MS = 150
const CONNECT_MS = 120

let ran: Ran
beforeAll(async () => {
  ran = await runScenario(`
upstreams:
  half: { replicas: 2, unreachable: [2] }
  none: { unreachable: [1] }
envoy:
  clusters:
    half: { connect_timeout: ${CONNECT_MS}ms, circuit_breakers: { max_retries: 100 } }
    none: { connect_timeout: ${CONNECT_MS}ms }
  routes:
    - match: { path: /half }
      cluster: half
      timeout: 2s
      retry_policy: { retry_on: [connect-failure], retry_host_predicate: [previous_hosts], host_selection_retry_max_attempts: 20 }
    - { match: { path: /none }, cluster: none, timeout: 2s }
load: { rate: 60/s, requests: [{ GET: /half }, { GET: /none }] }
phases: [{ name: all, for: 1s, faults: [{ cluster: half, delay: 30ms }] }]
`)
})

test('a replica that is unreachable gets no connection within connect_timeout, and the other ones are as ever', () => {
  const met = to(ran, '/half').filter((record) => record.attempts[0]?.replica === 2)
  expect(met.length).toBeGreaterThan(5)
  for (const record of met) {
    expect(record.status).toBe(200)
    expect(record.attempts).toMatchObject([
      { replica: 2, cutBy: 'connect', hop: null, stub: null, flags: ['UF'] },
      { replica: 1, status: 200 },
    ])
  }
  // Only of the first: with a connection that fails, Envoy fails every request that waits in its pool, however short.
  const first = met[0]?.attempts[0]?.durationMs
  expect(first).toBeGreaterThan(CONNECT_MS - EARLY_MS)
  expect(first).toBeLessThan(CONNECT_MS + MACHINE_LAG_MS)
  expect(clusterStat(ran, 'half', 'upstream_cx_connect_timeout')).toBeGreaterThan(0)
})

test('callers of a cluster without another replica get 503, and the story names the limit', () => {
  const records = to(ran, '/none')
  expect(records.length).toBeGreaterThan(5)
  for (const record of records) expect(record).toMatchObject({ status: 503, attempts: [{ replica: 1, cutBy: 'connect' }] })
  const story = tellRequest(records[0] as (typeof records)[0], ran.plan).join('\n')
  expect(story).toContain('try 1 → none/1  cut by connect_timeout after')
  expect(story).toContain('the limit is envoy.clusters.none.connect_timeout; it never sees the response')
})

test('no source contradicts another, and a fault on the replicas that are left is believed', () => {
  expect(ran.observations.unsound).toEqual([])
  for (const fault of ran.observations.faults) expect(fault.doubt).toBeNull()
})
