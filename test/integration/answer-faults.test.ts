import { beforeAll, describe, expect, test } from 'vitest'
import { compatibleShare } from '../../src/statistics/compatible.ts'
import { attemptsOf, evidence, expectRoutedShare, MACHINE_LAG_MS, met } from '../helpers/fault-evidence.ts'
import { judgedCalmly, type Ran, runScenario, to } from '../helpers/scenario.ts'

/** Faults of the answer, made by the stub or on its way by Envoy, for those whom the hop sends on by the route of the fault. */

const of = (ran: Ran, path: string, phase: number) => to(ran, path).filter((record) => record.phase === phase && !record.edge)

const BODY = '0123456789'.repeat(8)
const RESPOND = `respond: { body: "${BODY}" }`

describe('truncate', () => {
  let ran: Ran
  beforeAll(async () => {
    ran = await runScenario(`
upstreams: { half: { ${RESPOND} }, none: { ${RESPOND} }, retried: { ${RESPOND} } }
envoy:
  routes: [${['half', 'none', 'retried'].map((name) => `{ match: { path: /${name} }, cluster: ${name}, retry_policy: { retry_on: [5xx, reset], num_retries: 2 } }`).join(', ')}]
load: { rate: 60/s, deadline: 3s, requests: [{ GET: /half }, { GET: /none }, { GET: /retried }] }
phases:
  - { name: calm, for: 300ms }
  - name: cut
    for: 1s
    faults: [{ cluster: half, truncate: 50% }, { cluster: none, truncate: 0% }, { cluster: retried, truncate: 99%, percent: 50 }]
  - { name: after, for: 300ms }
expect:
  - { phase: cut, given: { fault: truncate }, success_rate: "= 100%" }
  - { phase: cut, given: { fault: truncate }, status: 200 }
  - { phase: cut, given: { fault: truncate }, body: { equals: "${BODY}" } }
  - { phase: cut, given: { fault: truncate }, body: { contains: "0123" } }
`)
  })

  test('it is met as often as asked, by the hop, its counter, the stub and what Envoy says of the answer', () => {
    expectRoutedShare(ran, 'cut-1', 100)
    expectRoutedShare(ran, 'cut-2', 100)
    expectRoutedShare(ran, 'cut-3', 50)
  })

  test.each([
    ['/half', 40],
    ['/none', 0],
  ])('%s: Envoy sees an answer that is too short, and the client one that broke off after %i bytes', (path, bytes) => {
    const records = ran.records.filter((record) => record.phase === 1 && to(ran, path).includes(record))
    expect(records.length).toBeGreaterThan(10)
    for (const record of records) {
      expect(record).toMatchObject({ status: null, success: false, error: expect.stringMatching(/^the response, 200, broke off: /) })
      expect(record.body).toMatchObject({ bytes })
      expect(record.egress).toMatchObject({ status: 200, flags: ['UPE'], details: 'upstream_reset_after_response_started{protocol_error}' })
      // What has begun to go out is not tried again.
      expect(record.attempts).toMatchObject([{ status: 200, flags: ['UPE'], cutBy: null }])
      expect(record.attempts[0]?.stub?.answered).not.toBeNull()
    }
  })

  test('no claim on it passes, whatever the status was', () => {
    const outcomes = judgedCalmly(ran)
    expect(outcomes).toHaveLength(4)
    for (const outcome of outcomes) expect(outcome.status).not.toBe('pass')
  })

  test('it ends with its phase, and each has its line in the journal', () => {
    expect(ran.observations.unsound).toEqual([])
    for (const record of ran.records.filter(({ phase, edge }) => phase !== 1 && !edge))
      expect(record).toMatchObject({ status: 200, error: null })
  })
})

describe('slow_body', () => {
  let ran: Ran
  beforeAll(async () => {
    ran = await runScenario(`
upstreams: { whole: { ${RESPOND} }, rate: { ${RESPOND} }, route: { ${RESPOND} }, silence: { respond: { body: abc } } }
envoy:
  routes:
    - { match: { path: /whole }, cluster: whole, retry_policy: { retry_on: [5xx], num_retries: 2, per_try_timeout: 100ms } }
    - { match: { path: /rate }, cluster: rate }
    - { match: { path: /route }, cluster: route, timeout: 300ms, retry_policy: { retry_on: [5xx], num_retries: 2 } }
    - { match: { path: /silence }, cluster: silence, retry_policy: { retry_on: [5xx], num_retries: 2, per_try_idle_timeout: 200ms } }
load: { rate: 60/s, deadline: 3s, requests: [{ GET: /whole }, { GET: /rate }, { GET: /route }, { GET: /silence }] }
phases:
  - name: slow
    for: 1s
    faults:
      - { cluster: whole, slow_body: 400ms }
      # 80 bytes.
      - { cluster: rate, slow_body: { limit_kbps: 1 }, percent: 50 }
      - { cluster: route, slow_body: 1s }
      # Three bytes: half a second between two of them.
      - { cluster: silence, slow_body: 1s }
  - { name: after, for: 300ms }
`)
  })

  test('it is met as often as asked, by the hop, its counter, the stub and the time that the answer took', () => {
    for (const id of ['slow-1', 'slow-3', 'slow-4']) expectRoutedShare(ran, id, 100)
    expectRoutedShare(ran, 'slow-2', 50)
  })

  test('the headers come at once, which is all that per_try_timeout watches, and the body over its time', () => {
    const records = of(ran, '/whole', 0)
    expect(records.length).toBeGreaterThan(3)
    for (const record of records) {
      const { attempts } = record
      expect(record).toMatchObject({ status: 200, body: { bytes: BODY.length } })
      expect(attempts).toHaveLength(1)
      expect(attempts[0]?.durationMs).toBeGreaterThan(400 - 10)
      expect(attempts[0]?.durationMs).toBeLessThan(400 + MACHINE_LAG_MS)
    }
  })

  test('a rate makes the time of the length: 80 bytes at 1 KiB/s take 78 ms', () => {
    const took = attemptsOf(of(ran, '/rate', 0)).filter((attempt) => met(attempt, 'slow-2'))
    expect(took.length).toBeGreaterThan(0)
    for (const { durationMs } of took) expect(durationMs).toBeGreaterThan(78 - 10)
  })

  test.each([
    ['/route', 'route', 'response_timeout'],
    ['/silence', 'per_try_idle', 'upstream_per_try_idle_timeout'],
  ])('%s: the limit cuts it after its headers, which nothing tries again', (path, cutBy, details) => {
    const records = to(ran, path).filter(({ phase }) => phase === 0)
    expect(records.length).toBeGreaterThan(3)
    for (const record of records) {
      expect(record).toMatchObject({ status: null, success: false, egress: { status: 200, details } })
      expect(record.attempts).toMatchObject([{ status: 200, cutBy }])
    }
  })

  test('no source contradicts another', () => expect(ran.observations.unsound).toEqual([]))
})

describe('rate_limit', () => {
  let ran: Ran
  beforeAll(async () => {
    // 16 KiB at 32 KiB/s, of which 50 ms are worth go at once: 450 ms.
    ran = await runScenario(`
upstreams: { whole: { replicas: 2, respond: { body: "${'y'.repeat(16 * 1024)}" } }, cut: { respond: { body: "${'y'.repeat(16 * 1024)}" } } }
envoy:
  routes:
    - { match: { path: /whole }, cluster: whole, retry_policy: { retry_on: [5xx], per_try_timeout: 200ms, per_try_idle_timeout: 200ms } }
    - { match: { path: /cut }, cluster: cut, timeout: 250ms, retry_policy: { retry_on: [5xx] } }
load: { rate: 60/s, deadline: 3s, requests: [{ GET: /whole, weight: 3 }, { GET: /cut }] }
phases:
  - { name: calm, for: 300ms }
  - name: thin
    for: 2s
    faults: [{ cluster: whole, rate_limit: { limit_kbps: 32 }, percent: 30 }, { cluster: cut, rate_limit: { limit_kbps: 32 } }]
  - { name: after, for: 300ms }
`)
  })

  test('it is met as often as asked, by the hop, the counter of its route, and the time that answers took', () => {
    for (const [id, percent] of [
      ['thin-1', 30],
      ['thin-2', 100],
    ] as const) {
      const fault = evidence(ran.observations, id)
      expect(compatibleShare(fault.met, fault.matched, percent / 100)).toBe(true)
      expect(fault.doubt).toBeNull()
      // A stalled machine looks like it, too.
      expect(fault.inferred).toBeGreaterThanOrEqual(fault.met)
    }
  })

  test("the fault filter counts as many as the routes' logs have", () => {
    const ofFilter = ['hop_whole_1', 'hop_whole_2', 'hop_cut_1'].map((hop) => ran.stat(`http.${hop}.fault.response_rl_injected`))
    const inLogs = attemptsOf(ran.records).filter(({ hop }) => (hop?.faults.length ?? 0) > 0).length
    expect(ofFilter.reduce((sum, count) => sum + count)).toBe(inLogs)
  })

  test('the body takes what its length takes; limits of a try see the headers and no silence', () => {
    const limited = of(ran, '/whole', 1).filter(({ attempts }) => attempts.some((attempt) => met(attempt, 'thin-1')))
    expect(limited.length).toBeGreaterThan(5)
    for (const record of limited) {
      expect(record).toMatchObject({ status: 200, attempts: [{ cutBy: null }] })
      expect(record.attempts[0]?.durationMs).toBeGreaterThan(450 - 20)
      expect(record.attempts[0]?.durationMs).toBeLessThan(450 + MACHINE_LAG_MS)
    }
  })

  test('the timeout of the route cuts it after its headers, which nothing tries again', () => {
    const records = to(ran, '/cut').filter(({ phase }) => phase === 1)
    for (const record of records)
      expect(record).toMatchObject({ status: null, success: false, egress: { status: 200 }, attempts: [{ status: 200, cutBy: 'route' }] })
  })

  test('it ends with its phase', () => {
    expect(ran.observations.unsound).toEqual([])
    for (const record of to(ran, '/whole').filter(({ phase }) => phase === 2))
      expect(record.attempts).toMatchObject([{ hop: { faults: [] } }])
  })
})
