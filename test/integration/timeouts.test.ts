import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clusterStat, type Ran, runScenario, type StraightRecord, to } from '../helpers/scenario.ts'
import { closesOnRequest, neverConnects, refuses, type Stand } from '../helpers/sockets.ts'

/** Envoy arms a timer from the time at which its event loop woke up, so it fires early by what the loop was busy since (7 ms seen). */
const EARLY_MS = 15
/** What two shared cores may add to any wait. Not a claim about Envoy. */
const MACHINE_LAG_MS = 150

const ROUTE_MS = 150
const TRY_MS = 80
const CONNECT_MS = 100
const LONG_CONNECT_MS = 300

let stands: { full: Stand; refused: Stand; closing: Stand }
let ran: Ran

// Nothing answers within 600 ms: the limits are far below, the backlog of the full socket far above.
beforeAll(async () => {
  stands = { full: await neverConnects(), refused: await refuses(), closing: await closesOnRequest() }
  const { full, refused, closing } = stands
  ran = await runScenario(
    `
upstreams:
  slow: { latency: 600ms }
  failing: { respond: { status: 503 } }
  full: {}
  full_route: {}
  full_try: {}
  refused: {}
  refused_later: {}
  closing: {}
envoy:
  clusters:
    slow: { circuit_breakers: { max_retries: 100 } }
    failing: { circuit_breakers: { max_retries: 100 } }
    full: { connect_timeout: ${CONNECT_MS}ms, circuit_breakers: { max_retries: 100 } }
    full_route: { connect_timeout: 5s }
    full_try: { connect_timeout: ${LONG_CONNECT_MS}ms }
    refused: { connect_timeout: ${CONNECT_MS}ms }
    refused_later: { circuit_breakers: { max_retries: 100 } }
    closing: { circuit_breakers: { max_retries: 100 } }
  routes:
    - { match: { path: /route }, cluster: slow, timeout: ${ROUTE_MS}ms }
    - { match: { path: /none }, cluster: slow, timeout: 0s }
    - { match: { path: /try }, cluster: slow, timeout: 2s, retry_policy: { retry_on: [5xx], num_retries: 2, per_try_timeout: ${TRY_MS}ms } }
    - { match: { path: /both }, cluster: slow, timeout: ${ROUTE_MS}ms,
        retry_policy: { retry_on: [5xx], num_retries: 5, per_try_timeout: ${TRY_MS}ms, retry_back_off: { base_interval: 1ms } } }
    - { match: { path: /back-off/status }, cluster: failing, timeout: ${ROUTE_MS}ms, retry_policy: &patient { retry_on: [5xx], retry_back_off: { base_interval: 1000000s } } }
    - { match: { path: /back-off/refused }, cluster: refused_later, timeout: ${ROUTE_MS}ms, retry_policy: *patient }
    - { match: { path: /back-off/closed }, cluster: closing, timeout: ${ROUTE_MS}ms, retry_policy: *patient }
    - { match: { path: /back-off/try }, cluster: slow, timeout: ${ROUTE_MS}ms,
        retry_policy: { retry_on: [5xx], per_try_timeout: ${TRY_MS}ms, retry_back_off: { base_interval: 1000000s } } }
    - { match: { path: /connect }, cluster: full, timeout: 2s, retry_policy: { retry_on: [connect-failure] } }
    - { match: { path: /connect/route }, cluster: full_route, timeout: ${ROUTE_MS}ms }
    - { match: { path: /connect/try }, cluster: full_try, timeout: 2s, retry_policy: { retry_on: [5xx], num_retries: 0, per_try_timeout: ${TRY_MS}ms } }
    - { match: { path: /refused }, cluster: refused, timeout: 2s }
    - { match: { path: /closed }, cluster: closing, timeout: 2s }
load:
  rate: 100/s
  deadline: 3s
  requests:
${PATHS.map((path) => `    - GET: ${path}`).join('\n')}
phases: [{ name: all, for: 700ms }]
`,
    {
      connectTo: {
        'full/1': full.port,
        'full_route/1': full.port,
        'full_try/1': full.port,
        'refused/1': refused.port,
        'refused_later/1': refused.port,
        'closing/1': closing.port,
      },
    },
  )
})
afterAll(() => Promise.all(Object.values(stands).map((stand) => stand.close())))

const PATHS = [
  '/route',
  '/none',
  '/try',
  '/both',
  '/back-off/status',
  '/back-off/refused',
  '/back-off/closed',
  '/back-off/try',
  '/connect',
  '/connect/route',
  '/connect/try',
  '/refused',
  '/closed',
]

/** The requests of a path, each of which must show the same. */
function every(path: string): readonly StraightRecord[] {
  const records = to(ran, path)
  expect(records.length).toBeGreaterThan(0)
  return records
}

const cuts = (record: StraightRecord) => record.attempts.map((attempt) => attempt.cutBy)

function expectAbout(measuredMs: number | undefined, ms: number) {
  expect(measuredMs).toBeGreaterThanOrEqual(ms - EARLY_MS)
  expect(measuredMs).toBeLessThan(ms + MACHINE_LAG_MS)
}

test("the route's timeout ends the request and the attempt in flight, which the stub had received", () => {
  for (const record of every('/route')) {
    expect(record).toMatchObject({ status: 504, egress: { cutBy: 'route', details: 'response_timeout' } })
    expect(cuts(record)).toEqual(['route'])
    expectAbout(record.egress?.durationMs, ROUTE_MS)
    expect(record.attempts[0]?.stub?.answered).toBeNull()
  }
})

test('timeout: 0s is no limit', () => {
  for (const record of every('/none')) {
    expect(record).toMatchObject({ status: 200, egress: { cutBy: null } })
    expect(cuts(record)).toEqual([null])
  }
})

test('per_try_timeout cuts each try and tries again', () => {
  for (const record of every('/try')) {
    expect(record).toMatchObject({ status: 504, egress: { cutBy: null, details: 'upstream_per_try_timeout' } })
    expect(cuts(record)).toEqual(['per_try', 'per_try', 'per_try'])
    for (const attempt of record.attempts) expectAbout(attempt.durationMs, TRY_MS)
  }
})

// 80 ms + a back-off of at most 1 ms + 70 ms = 150 ms: the second try is the one in flight.
test('with both, the first try is cut by its own limit and the second by the route', () => {
  for (const record of every('/both')) {
    expect(record).toMatchObject({ status: 504, egress: { cutBy: 'route' } })
    expect(cuts(record)).toEqual(['per_try', 'route'])
    expectAbout(record.attempts[0]?.durationMs, TRY_MS)
    expectAbout(record.egress?.durationMs, ROUTE_MS)
  }
})

// A back-off drawn from 0 to 1,000,000 s ends within 150 ms once in 7 million draws, of which there are some 20.
describe("the route's timeout during a back-off cuts no attempt", () => {
  test.each([
    ['/back-off/status', [null]],
    ['/back-off/refused', [null]],
    ['/back-off/closed', [null]],
    ['/back-off/try', ['per_try']],
  ])('%s', (path, expected) => {
    for (const record of every(path)) {
      expect(record).toMatchObject({ status: 504, egress: { cutBy: 'route' } })
      expect(cuts(record)).toEqual(expected)
      expectAbout(record.egress?.durationMs, ROUTE_MS)
    }
  })
})

describe('connect_timeout', () => {
  test('cuts an attempt whose connection gets no answer, and connect-failure retries it', () => {
    for (const record of every('/connect')) {
      expect(record).toMatchObject({ status: 503, egress: { cutBy: null } })
      expect(record.egress?.details).toContain('connection_timeout')
      expect(cuts(record)).toEqual(['connect', 'connect'])
      for (const attempt of record.attempts) expect([attempt.hop, attempt.stub, attempt.status]).toEqual([null, null, 0])
    }
    // Only of the first: with a connection that fails, Envoy fails every request that waits in its pool, however short.
    expectAbout(every('/connect')[0]?.attempts[0]?.durationMs, CONNECT_MS)
    expect(clusterStat(ran, 'full', 'upstream_cx_connect_timeout')).toBeGreaterThan(0)
  })

  test("is not what cuts an attempt that the route's timeout ends while it connects", () => {
    for (const record of every('/connect/route')) {
      expect(record.status).toBe(504)
      expect(cuts(record)).toEqual(['route'])
      expectAbout(record.egress?.durationMs, ROUTE_MS)
    }
  })

  test('is the only limit of a try while it connects: per_try_timeout begins when there is a connection', () => {
    for (const record of every('/connect/try')) {
      expect(record.status).toBe(503)
      expect(cuts(record)).toEqual(['connect'])
    }
    expectAbout(every('/connect/try')[0]?.attempts[0]?.durationMs, LONG_CONNECT_MS)
  })

  test('is not what a refused connection runs into', () => {
    for (const record of every('/refused')) {
      expect(record.status).toBe(503)
      expect(record.egress?.details).toContain('remote_connection_failure')
      expect(cuts(record)).toEqual([null])
      expect(record.attempts[0]?.flags).toEqual(['UF'])
    }
    expect(clusterStat(ran, 'refused', 'upstream_cx_connect_timeout')).toBe(0)
    expect(clusterStat(ran, 'refused', 'upstream_cx_connect_fail')).toBe(every('/refused').length)
  })
})

test('a connection that is closed before the answer is cut by no limit', () => {
  for (const record of every('/closed')) {
    expect(record.status).toBe(503)
    expect(cuts(record)).toEqual([null])
    expect(record.attempts[0]?.flags).toEqual(['UC'])
  }
})

test('the counters of the limits agree with the attempts', () => {
  const cut = (by: string) => ran.records.flatMap((record) => record.attempts).filter((attempt) => attempt.cutBy === by).length
  const counted = (name: string) => Object.keys(ran.scenario.upstreams).reduce((sum, cluster) => sum + clusterStat(ran, cluster, name), 0)
  expect(counted('upstream_rq_per_try_timeout')).toBe(cut('per_try'))
  // A timeout of the route that falls into a back-off is not counted by Envoy.
  expect(counted('upstream_rq_timeout')).toBe(cut('route'))
  expect(ran.observations.unsound).toEqual([])
})
