import { beforeAll, describe, expect, test } from 'vitest'
import { attemptsOf, expectShare, SHORT_MS } from '../helpers/fault-evidence.ts'
import { type Ran, runScenario } from '../helpers/scenario.ts'

describe('by: header', () => {
  const [ABORT, DELAY] = ['x-envoy-fault-abort-request', 'x-envoy-fault-delay-request']
  let ran: Ran
  beforeAll(async () => {
    ran = await runScenario(`
upstreams: { aborts: {}, delays: {}, before: {} }
envoy:
  clusters: { aborts: { circuit_breakers: { max_retries: 100 } } }
  routes:
    - match: { prefix: /aborts }
      cluster: aborts
      retry_policy: { retry_on: [gateway-error], num_retries: 1, retry_back_off: { base_interval: 1ms } }
    - { match: { prefix: /delays }, cluster: delays }
    - { match: { prefix: /before }, cluster: before }
load:
  rate: 300/s
  requests:
    - { GET: /aborts }
    - { GET: /aborts/503, headers: { ${ABORT}: "503" } }
    - { GET: /aborts/404, headers: { X-Envoy-Fault-Abort-Request: "404" } }
    - { GET: /delays }
    - { GET: /delays/100, headers: { ${DELAY}: "100" } }
    - { GET: /before/500, headers: { ${ABORT}: "500" } }
phases:
  - name: asked
    for: 2s
    faults:
      - { cluster: aborts, abort: 503, by: header }
      - { cluster: aborts, abort: 404, by: header, percent: 40 }
      - { cluster: delays, delay: 100ms, by: header }
      - { cluster: before, at: ingress, abort: 500, by: header }
  - { name: over, for: 1s }
`)
  })
  const of = (phase: number, path: string) =>
    // A retry of one at the edge of its phase comes when the faults are off.
    ran.records.filter((record) => record.phase === phase && !record.edge && ran.plan.requests[record.request]?.path === path)

  test.each([
    ['asked-1', 100],
    ['asked-2', 40],
    ['asked-3', 100],
    ['asked-4', 100],
  ])('%s is met by as many of those who ask for it as it should be', (id, percent) => expectShare(ran, id, percent))

  test('those who ask meet it, by what they ask for', () => {
    for (const { status, attempts } of of(0, '/aborts/503')) expect([status, attempts.length]).toEqual([503, 2]) // a retry asks for it, too
    for (const { status } of of(0, '/aborts/404')) expect([200, 404]).toContain(status)
    for (const { status, due, end } of of(0, '/delays/100')) {
      expect(status).toBe(200)
      expect((end as number) - due).toBeGreaterThan(100 - SHORT_MS)
    }
    for (const { status, attempts } of of(0, '/before/500')) expect([status, attempts.length]).toEqual([500, 0])
  })

  test('nobody else does, and nobody when its phase is over', () => {
    for (const path of ['/aborts', '/delays'])
      for (const record of of(0, path)) expect(attemptsOf([record]).flatMap(({ hop }) => hop?.faults)).toEqual([])
    expect(of(1, '/aborts/503').length).toBeGreaterThan(20)
    for (const path of ['/aborts/503', '/aborts/404', '/delays/100', '/before/500'])
      for (const { status } of of(1, path)) expect(status).toBe(200)
  })
})
