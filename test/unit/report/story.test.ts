import { expect, test } from 'vitest'
import type { PlannedRequest } from '../../../src/plan/plan.ts'
import { tellRequest } from '../../../src/report/story.ts'
import { attempt, cutTry, egress, exhausted, late, plan, record, refused } from './sample-run.ts'

const tell = (...args: Parameters<typeof tellRequest>) => `\n${tellRequest(...args).join('\n')}\n`

test('each try is told with its replica, its limit, its fault and the back-off after it', () => {
  expect(tell(exhausted, plan)).toMatchInlineSnapshot(`
    "
    r-112 GET /items/42, due at 11.200 s: 504 after 962 ms (not a success: status)
      +1 ms    try 1 → inventory/2  cut by per_try_timeout after 300 ms; met delay 400ms (brownout-1); the stub never saw it
      +301 ms  back-off of 18 ms
      +319 ms  try 2 → inventory/1  cut by per_try_timeout after 300 ms; met delay 400ms (brownout-1); the stub never saw it
      +619 ms  back-off of 42 ms
      +661 ms  try 3 → inventory/2  cut by per_try_timeout after 300 ms; met delay 400ms (brownout-1); the stub never saw it
      +962 ms  Envoy answered 504, upstream_per_try_timeout (URX,UT); the limit is envoy.routes[0].retry_policy.per_try_timeout; it watches the response
    "
  `)
})

test('a refusal names the breaker, and that it was a retry', () => {
  expect(tell(refused, plan)).toMatchInlineSnapshot(`
    "
    r-131 GET /items/42, due at 13.100 s: 503 after 340 ms (not a success: status)
      +12 ms   sent, late by 12 ms
      +13 ms   try 1 → inventory/1  cut by per_try_timeout after 300 ms; met delay 400ms (brownout-1); the stub never saw it
      +339 ms  refused: the circuit breaker's max_pending_requests was reached when it was retried
      +339 ms  Envoy answered 503, upstream_reset_before_response_started{overflow} (UO)
    "
  `)
})

test('a wait in the queue of the stub is told with how full it was', () => {
  expect(tell(late, plan)).toMatchInlineSnapshot(`
    "
    r-140 GET /items/42, due at 14.000 s: 200 after 1130 ms (not a success: later than the deadline of 1s)
      +1 ms     try 1 → inventory/1  200 after 1128 ms; waited 1107 ms in the stub's queue (4 busy, 31 waiting)
      +1130 ms  Envoy answered 200, via_upstream
    "
  `)
})

test('a plain success is two lines and no speculation', () => {
  expect(tell(record(3), plan)).toMatchInlineSnapshot(`
    "
    r-3 GET /items/42, due at 0.300 s: 200 after 24 ms (a success)
      +1 ms   try 1 → inventory/1  200 after 21 ms
      +23 ms  Envoy answered 200, via_upstream
    "
  `)
})

test('an abort is told as the answer of the try, which no stub saw', () => {
  const abort = { ...plan, faults: [{ ...plan.faults[0], action: { kind: 'abort', value: 503 } }] } as typeof plan
  const hop = { start: 0, durationMs: 0, status: 503, flags: ['FI'], faults: ['brownout-1'] }
  const met = record(0, {
    end: 3,
    status: 503,
    success: false,
    egress: egress(0.5, { durationMs: 2, status: 503, flags: ['URX'] }),
    attempts: [attempt(1, 1, { durationMs: 0, status: 503, stub: null, hop })],
  })
  expect(tell(met, abort)).toMatchInlineSnapshot(`
    "
    r-0 GET /items/42, due at 0.000 s: 503 after 3 ms (not a success: status)
      +1 ms  try 1 → inventory/1  503 after 0 ms; met abort 503 (brownout-1); the stub never saw it
      +3 ms  Envoy answered 503, via_upstream (URX)
    "
  `)
})

test.each([
  ['never sent it on', { sentOn: null, status: 503 }, ['FI'], '503 after 20 ms; the hop never sent it on'],
  ['could not connect', { sentOn: 11, status: 503 }, ['UF'], '503 after 20 ms; the hop could not connect to the container'],
  ['lost the connection', { sentOn: 2, status: 503 }, ['UC'], '503 after 20 ms; the container closed the connection'],
  [
    'waited in vain',
    { sentOn: 2, status: 0, cutBy: 'per_try' },
    [],
    'cut by per_try_timeout after 20 ms; the hop sent it on at +2 ms, and the container had not answered',
  ],
  ['was answered', { sentOn: 2 }, [], '200 after 20 ms'],
] as const)('of a container its hop tells: it %s', (_, parts, flags, told) => {
  const hop = { start: 1, durationMs: 18, status: 200, flags, faults: [] }
  const lines = tellRequest(record(0, { attempts: [attempt(1, 1, { durationMs: 20, stub: null, hop, ...parts })] }), plan)
  expect(lines.find((line) => line.includes('try 1'))?.endsWith(`inventory/1  ${told}`)).toBe(true)
})

test("the route's timeout is told at the try that it cut and at the request", () => {
  const cut = attempt(1, 1, {
    durationMs: 999,
    status: 0,
    flags: ['UT'],
    cutBy: 'route',
    stub: { arrived: 2, started: 2, due: 2002, answered: 2003, status: 200, busy: 1, queued: 0 },
  })
  const timedOut = record(0, {
    end: 1001,
    status: 504,
    success: false,
    egress: egress(0.5, { durationMs: 1000, status: 504, flags: ['UT'], details: 'response_timeout', cutBy: 'route' }),
    attempts: [cut],
  })
  expect(tell(timedOut, plan)).toMatchInlineSnapshot(`
    "
    r-0 GET /items/42, due at 0.000 s: 504 after 1001 ms (not a success: status)
      +1 ms     try 1 → inventory/1  cut by the route's timeout after 999 ms; the stub answered 200 too late, at +2003 ms
      +1001 ms  Envoy answered 504, response_timeout (UT); the limit is envoy.routes[0].timeout; it watches the response
    "
  `)
})

test('a host that could not be reached is no replica', () => {
  const unreached = attempt(1, 1, { durationMs: 251, status: 0, flags: ['UF'], replica: null, cutBy: 'connect', hop: null, stub: null })
  const down = record(0, {
    end: 253,
    status: 503,
    success: false,
    egress: egress(0.5, {
      durationMs: 252,
      status: 503,
      flags: ['UF'],
      details: 'upstream_reset_before_response_started{connection_timeout}',
    }),
    attempts: [unreached],
  })
  expect(tell(down, plan)).toMatchInlineSnapshot(`
    "
    r-0 GET /items/42, due at 0.000 s: 503 after 253 ms (not a success: status)
      +1 ms    try 1 → inventory, no host  cut by connect_timeout after 251 ms
      +253 ms  Envoy answered 503, upstream_reset_before_response_started{connection_timeout} (UF: could not connect); the limit is envoy.clusters.inventory.connect_timeout; it never sees the response
    "
  `)
})

test('a connection that was cut is told with the flag in words, and what the client saw', () => {
  const closed = attempt(1, 1, { durationMs: 2, status: 0, flags: ['UC'], stub: null })
  const broken = record(0, {
    end: null,
    status: 200,
    error: 'other side closed',
    success: false,
    edge: true,
    egress: egress(0.5, { durationMs: 3, flags: ['UC'] }),
    attempts: [closed],
  })
  expect(tell(broken, plan)).toMatchInlineSnapshot(`
    "
    r-0 GET /items/42, due at 0.000 s: 200, cut short (not a success: other side closed)
      +1 ms  try 1 → inventory/1  no answer after 2 ms (UC: the upstream closed the connection); the stub never saw it
      +4 ms  Envoy answered 200, via_upstream (UC: the upstream closed the connection)
      +4 ms  the client saw 200, not whole: other side closed
    "
  `)
})

test('a request that never reached Envoy says so', () => {
  const lost = record(0, { sent: 40, end: null, status: null, error: 'connect ECONNREFUSED', success: false, egress: null, attempts: [] })
  expect(tell(lost, plan)).toMatchInlineSnapshot(`
    "
    r-0 GET /items/42, due at 0.000 s: no answer (not a success: connect ECONNREFUSED)
      +40 ms  sent, late by 40 ms
      +40 ms  Envoy has no log line for it: it never got there
      +40 ms  the client saw no answer: connect ECONNREFUSED
    "
  `)
})

test('a fault at ingress is met before any try', () => {
  expect(
    tell(record(0, { ingressFaults: ['brownout-1'], egress: egress(401), attempts: [attempt(1, 401.2)], end: 424 }), plan),
  ).toMatchInlineSnapshot(`
    "
    r-0 GET /items/42, due at 0.000 s: 200 after 424 ms (a success)
      +401 ms  met delay 400ms (brownout-1) before the router
      +401 ms  try 1 → inventory/1  200 after 21 ms
      +423 ms  Envoy answered 200, via_upstream
    "
  `)
})

test('a suppressed retry is not told as a refusal of the request', () => {
  const suppressed = record(0, {
    end: 303,
    status: 504,
    success: false,
    egress: egress(0.5, {
      durationMs: 301,
      status: 504,
      flags: ['UO', 'UT'],
      details: 'upstream_per_try_timeout',
      retrySuppressedBy: 'max_retries',
    }),
    attempts: [cutTry(1, 1, 1)],
  })
  expect(tell(suppressed, plan)).toMatchInlineSnapshot(`
    "
    r-0 GET /items/42, due at 0.000 s: 504 after 303 ms (not a success: status)
      +1 ms    try 1 → inventory/1  cut by per_try_timeout after 300 ms; met delay 400ms (brownout-1); the stub never saw it
      +302 ms  a retry was suppressed: max_retries was reached
      +302 ms  Envoy answered 504, upstream_per_try_timeout (UO,UT); the limit is envoy.routes[0].retry_policy.per_try_timeout; it watches the response
    "
  `)
})

test('tries that overlap have no back-off between them', () => {
  const hedged = record(0, { attempts: [attempt(1, 1, { durationMs: 400 }), attempt(2, 201, { durationMs: 20 })] })
  expect(tell(hedged, plan)).not.toContain('back-off')
})

test('an unexpected 200 is not a success by its status', () => {
  const only503 = { ...plan, requests: [{ ...(plan.requests[0] as PlannedRequest), successStatus: [503] }] }
  expect(tell(record(0, { success: false }), only503)).toContain('(not a success: status)')
})

test('of a request behind an app, of which not all calls are known, that is told', () => {
  const behind = { ...plan, app: {} } as typeof plan
  expect(tell(record(3, { joined: false }), behind)).toContain('nobody can say whether these are all the calls that were made for it')
  expect(tell(record(3, { joined: false, calls: [] }), behind)).toContain('nobody can say which calls to Envoy were made for it')
  expect(tell(record(3), behind)).not.toContain('nobody')
})
