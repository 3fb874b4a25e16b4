import { beforeAll, describe, expect, test } from 'vitest'
import { compatibleShare } from '../../src/statistics/compatible.ts'
import { GRPC } from '../../src/value/grpc-status.ts'
import { evidence } from '../helpers/fault-evidence.ts'
import { clusterStat, judgedCalmly, type Ran, runScenario, type StraightRecord, to } from '../helpers/scenario.ts'

/** gRPC calls and their aborts, on the real Envoy. */

const CALL = 'headers: { content-type: application/grpc }'
const OFTEN = 'circuit_breakers: { max_retries: 1000 }'

/** What became of calls, as `2 × UNAVAILABLE`, without how many of each there were. */
const endings = (records: readonly StraightRecord[]) =>
  [
    ...new Set(records.map(({ attempts, grpcStatus, success }) => `${attempts.length} × ${grpcStatus}${success ? ', a success' : ''}`)),
  ].sort()
const whole = (ran: Ran, phase: number, path: string) =>
  to(ran, path).filter((record) => record.phase === phase && !record.edge && !record.stray)

describe('an abort with a status of gRPC', () => {
  const CLUSTERS = ['seen', 'unseen', 'first', 'part', 'chosen', 'before', 'asked', 'http', 'second']
  const RETRIED: Record<string, string> = { unseen: '5xx, gateway-error', http: 'unavailable', asked: 'resource-exhausted' }
  let ran: Ran
  beforeAll(async () => {
    ran = await runScenario(`
upstreams: { ${CLUSTERS.map((name) => `${name}: { replicas: ${name === 'second' ? 2 : 1} }`).join(', ')} }
envoy:
  clusters: { ${CLUSTERS.map((name) => `${name}: { ${OFTEN} }`).join(', ')} }
  routes:
${CLUSTERS.map((name) => `    - { match: { prefix: /${name} }, cluster: ${name}, retry_policy: { retry_on: [${RETRIED[name] ?? 'unavailable'}], num_retries: 1, retry_back_off: { base_interval: 1ms } } }`).join('\n')}
load:
  rate: 500/s
  requests:
${CLUSTERS.map((name) => `    - { POST: /${name}, ${CALL} }`).join('\n')}
    - { POST: /asked/8, headers: { content-type: application/grpc+proto, x-envoy-fault-abort-grpc-request: "8" } }
phases:
  - name: on
    for: 2s
    faults:
      - { cluster: seen, abort: { grpc_status: UNAVAILABLE } }
      - { cluster: unseen, abort: { grpc_status: 14 } }
      - { cluster: first, abort: { grpc_status: UNAVAILABLE }, when: { attempt: 1 } }
      - { cluster: part, abort: { grpc_status: NOT_FOUND }, percent: 30 }
      - { cluster: chosen, abort: { grpc_status: ABORTED }, percent: 25, mode: exact }
      - { cluster: before, at: ingress, abort: { grpc_status: DEADLINE_EXCEEDED } }
      - { cluster: asked, abort: { grpc_status: RESOURCE_EXHAUSTED }, by: header }
      - { cluster: http, abort: 503 }
      - { cluster: second, replica: 2, abort: { grpc_status: INTERNAL } }
  - { name: over, for: 1s }
`)
  })

  test.each([
    ['on-1', 100],
    ['on-2', 100],
    ['on-3', 100],
    ['on-4', 30],
    ['on-5', 100],
    ['on-6', 100],
    ['on-7', 100],
    ['on-8', 100],
    ['on-9', 100],
  ])('%s happened as often as asked, by every source', (id, percent) => {
    const { matched, met, counted, inferred, doubt } = evidence(ran.observations, id)
    expect(doubt).toBeNull()
    expect(matched).toBeGreaterThan(10)
    if (id !== 'on-5') expect(compatibleShare(met, matched, percent / 100), `${met} of ${matched}`).toBe(true)
    expect(inferred).toBe(met)
    // The counter also has what fell on an edge.
    expect(Math.abs(counted - met)).toBeLessThanOrEqual(2)
  })

  test('has the HTTP status 200, and is a failure', () => {
    for (const { status, success } of whole(ran, 0, '/seen')) expect([status, success]).toEqual([200, false])
  })

  test('is tried again by unavailable, and not by 5xx', () => {
    expect(endings(whole(ran, 0, '/seen'))).toEqual(['2 × 14'])
    expect(endings(whole(ran, 0, '/unseen'))).toEqual(['1 × 14'])
    expect(endings(whole(ran, 0, '/first'))).toEqual(['2 × 0, a success'])
    expect(clusterStat(ran, 'unseen', 'upstream_rq_retry')).toBe(0)
    // Those of the edges, too.
    const retried = to(ran, '/first').reduce((sum, { attempts }) => sum + attempts.length - 1, 0)
    expect(clusterStat(ran, 'first', 'upstream_rq_retry')).toBe(retried)
  })

  test('another status is not tried again by unavailable', () => {
    expect(endings(whole(ran, 0, '/part'))).toEqual(['1 × 0, a success', '1 × 5'])
    expect(endings(whole(ran, 0, '/before'))).toEqual(['0 × 4'])
  })

  test('is met by exactly the calls that were chosen', () => {
    const met = to(ran, '/chosen').filter(({ grpcStatus }) => grpcStatus === GRPC.ABORTED)
    expect(met.length).toBe(evidence(ran.observations, 'on-5').metRequests)
    expect(met.length).toBe(Math.round(to(ran, '/chosen').filter(({ phase }) => phase === 0).length / 4))
  })

  test('can be asked for by the caller, also of application/grpc+proto', () => {
    expect(endings(whole(ran, 0, '/asked/8'))).toEqual(['2 × 8'])
    expect(endings(whole(ran, 0, '/asked'))).toEqual(['1 × 0, a success'])
  })

  test('one with an HTTP status is UNAVAILABLE to a gRPC call', () => expect(endings(whole(ran, 0, '/http'))).toEqual(['2 × 14']))

  test('at one replica leaves the other alone', () =>
    expect(new Set(whole(ran, 0, '/second').flatMap(({ attempts }) => attempts.map(({ replica, grpc }) => `${replica}: ${grpc}`)))).toEqual(
      new Set(['1: 0', '2: 13']),
    ))

  test('ends with its phase', () => {
    const after = ran.records.filter(({ phase, stray }) => phase === 1 && !stray)
    expect(after.length).toBeGreaterThan(400)
    expect(new Set(after.map(({ grpcStatus, success }) => `${grpcStatus} ${success}`))).toEqual(new Set(['0 true']))
  })

  test('no source contradicts another', () => expect(ran.observations.unsound).toEqual([]))
})

describe('what else a gRPC call may end with', () => {
  let ran: Ran
  const LIMITS = 'retry_policy: { retry_on: [unavailable, deadline-exceeded], num_retries: 1 }'
  beforeAll(async () => {
    ran = await runScenario(`
upstreams:
  well: { respond: { body: "a message" } }
  failing: { replicas: 2, respond: { grpc_status: UNAVAILABLE } }
  http: { respond: { status: 503 } }
  slow: { latency: 150ms }
  silent: {}
  full: { latency: 60ms }
  sick: { replicas: 2, respond: { grpc_status: 14 } }
  slowly: { respond: { body: "a message that comes slowly" } }
envoy:
  clusters:
    failing: { ${OFTEN} }
    slow: { ${OFTEN} }
    full: { circuit_breakers: { max_requests: 1 } }
    sick: { outlier_detection: { consecutive_5xx: 3, max_ejection_percent: 100, base_ejection_time: 30s, interval: 100ms } }
  routes:
    - { match: { prefix: /well }, cluster: well }
    - { match: { prefix: /failing }, cluster: failing, retry_policy: { retry_on: [unavailable], num_retries: 1, retry_back_off: { base_interval: 1ms } } }
    - { match: { prefix: /http }, cluster: http, retry_policy: { retry_on: [unavailable], num_retries: 1 } }
    - { match: { prefix: /per-try }, cluster: slow, retry_policy: { retry_on: [5xx], num_retries: 1, per_try_timeout: 50ms, retry_back_off: { base_interval: 1ms } } }
    - { match: { prefix: /one-try }, cluster: slow, retry_policy: { retry_on: [unavailable, deadline-exceeded], num_retries: 1, per_try_timeout: 50ms } }
    - { match: { prefix: /route }, cluster: slow, timeout: 50ms, ${LIMITS} }
    - { match: { prefix: /life }, cluster: slow, max_stream_duration: { max_stream_duration: 50ms } }
    - { match: { prefix: /full }, cluster: full }
    - { match: { prefix: /sick }, cluster: sick }
    - { match: { prefix: /slowly }, cluster: slowly }
load:
  rate: 300/s
  requests:
${['well', 'failing', 'http', 'per-try', 'one-try', 'route', 'life', 'full', 'sick', 'slowly'].map((path) => `    - { name: ${path}, POST: /${path}, ${CALL}, weight: ${path === 'full' ? 3 : 1} }`).join('\n')}
    - { POST: /well/json, json: {} }
phases: [{ name: all, for: 2500ms, faults: [{ cluster: slowly, slow_body: 50ms }] }]
expect:
  - { request: failing, success_rate: ">= 50%", grpc_status: OK }
  - { request: well, grpc_status: OK }
  - { request: route, grpc_status: { UNAVAILABLE: "= 100%" } }
`)
  })
  const ended = (path: string) => endings(to(ran, path).filter(({ edge, stray }) => !edge && !stray))

  test('OK, told in trailers behind its message', () => {
    expect(ended('/well')).toEqual(['1 × 0, a success'])
    const [record] = to(ran, '/well')
    expect(record).toMatchObject({ status: 200, body: { text: 'a message' } })
    expect(record?.headers).not.toHaveProperty('fields.grpc-status')
  })
  test('OK behind a message that comes slowly', () => expect(ended('/slowly')).toEqual(['1 × 0, a success']))
  test('what the server says in its headers, which is tried again', () => expect(ended('/failing')).toEqual(['2 × 14']))
  test('a status of HTTP, which unavailable does not see', () => {
    expect(ended('/http')).toEqual(['1 × 14'])
    expect(to(ran, '/http')[0]).toMatchObject({ status: 503, success: false })
  })
  test('UNAVAILABLE by per_try_timeout, which 5xx tries again and no value of gRPC does', () => {
    expect(ended('/per-try')).toEqual(['2 × 14'])
    expect(ended('/one-try')).toEqual(['1 × 14'])
    for (const { attempts } of [...to(ran, '/per-try'), ...to(ran, '/one-try')].filter(({ edge }) => !edge))
      for (const { cutBy } of attempts) expect(cutBy).toBe('per_try')
  })
  test('UNAVAILABLE by the timeout of the route, which is its cause', () => {
    expect(ended('/route')).toEqual(['1 × 14'])
    for (const { calls } of to(ran, '/route').filter(({ edge }) => !edge)) expect(calls[0]?.egress.cutBy).toBe('route')
  })
  test('DEADLINE_EXCEEDED by max_stream_duration', () => expect(ended('/life')).toEqual(['1 × 4']))
  test('UNAVAILABLE by a breaker, which is its cause', () => {
    expect(ended('/full')).toEqual(['0 × 14', '1 × 0, a success'])
    for (const { grpcStatus, calls } of to(ran, '/full'))
      expect(calls[0]?.egress.rejectedBy).toBe(grpcStatus === GRPC.UNAVAILABLE ? 'max_requests' : null)
  })
  test('outlier detection takes a failure that the headers tell for a 5xx', () =>
    expect(clusterStat(ran, 'sick', 'outlier_detection.ejections_enforced_consecutive_5xx')).toBe(2))
  test('a request of another kind beside them is judged by its HTTP status', () => {
    const plain = to(ran, '/well/json')
    expect(plain.length).toBeGreaterThan(20)
    for (const record of plain) {
      expect(record.success).toBe(true)
      expect(record).not.toHaveProperty('grpcStatus')
    }
  })
  test('claims are judged by it, and say the cause', () => {
    expect(
      judgedCalmly(ran).map(({ metric, status, why }) => `${metric} ${status} ${why?.replace(/(?<!got )\b\d+/g, 'N') ?? ''}`.trim()),
    ).toEqual([
      'success_rate fail expected success_rate ">= N%", got 0% of N requests (N % interval N% .. N.N%): N × UNAVAILABLE from the upstream on every try',
      'grpc_status fail expected grpc_status "OK" of every request, got UNAVAILABLE at N of N requests: N × UNAVAILABLE from the upstream on every try',
      'grpc_status pass',
      'grpc_status.UNAVAILABLE pass',
    ])
  })
  test('no source contradicts another', () => expect(ran.observations.unsound).toEqual([]))
})

test('the callers of a closed loop read trailers, too', async () => {
  const { records } = await runScenario(`
upstreams: { inventory: {} }
load: { connections: 2, think: 5ms, requests: [{ POST: /stock, ${CALL} }] }
phases:
  - { name: calm, for: 400ms }
  - { name: failing, for: 400ms, faults: [{ cluster: inventory, abort: { grpc_status: UNAVAILABLE } }] }
`)
  const ended = (phase: number) => endings(records.filter((record) => record.phase === phase && !record.edge && !record.stray))
  expect([ended(0), ended(1)]).toEqual([['1 × 0, a success'], ['1 × 14']])
})

describe('through an app', () => {
  const around = (app: string) => `
upstreams: { inventory: {} }
envoy: { routes: [{ match: { prefix: / }, cluster: inventory, retry_policy: { retry_on: [unavailable], num_retries: 1, retry_back_off: { base_interval: 1ms } } }], clusters: { inventory: { ${OFTEN} } } }
app: { command: [node, test/fixtures/apps/${app}], port: 8080, env: { INVENTORY_URL: "\${clusters.inventory.url}" } }
load: { rate: 100/s, requests: [{ GET: / }] }
phases:
  - { name: calm, for: 1s }
  - { name: failing, for: 1s, faults: [{ cluster: inventory, abort: { grpc_status: UNAVAILABLE } }] }
expect: [{ phase: failing, success_rate: "<= 5%" }, { phase: failing, settle: 50ms, given: { fault: any }, attempts: 2 }]
`

  test('its calls over HTTP/2 are answered as a gRPC server does, aborted and tried again', async () => {
    const ran = await runScenario(around('grpc-shop.mjs'))
    const texts = (phase: number) =>
      new Set(
        ran.records
          .filter((record) => record.phase === phase && !record.edge && !record.stray)
          .map(({ body }) => body && 'text' in body && body.text),
      )
    expect([texts(0), texts(1)]).toEqual([new Set(['0 after 5 bytes']), new Set(['14 after 0 bytes'])])
    expect(evidence(ran.observations, 'failing-1').doubt).toBeNull()
    expect(ran.observations.unsound).toEqual([])
    expect(judgedCalmly(ran).map(({ status }) => status)).toEqual(['pass', 'pass'])
  })

  test('its calls that are no gRPC leave the run without a verdict, however few they are', async () => {
    const ran = await runScenario(around('shop.mjs'))
    const { met, doubt } = evidence(ran.observations, 'failing-1')
    expect(met).toBeGreaterThan(80)
    expect(doubt).toBe(
      `the fault abort UNAVAILABLE on inventory met ${met} attempts that are no gRPC calls (their content-type is not application/grpc): Envoy answers those with a plain 200`,
    )
    expect(judgedCalmly(ran).map(({ status }) => status)).not.toContain('pass')
  })
})
