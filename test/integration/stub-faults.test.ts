import { beforeAll, describe, expect, test } from 'vitest'
import type { FaultEvidence } from '../../src/observe/observations.ts'
import type { Attempt } from '../../src/observe/record.ts'
import { compatibleShare } from '../../src/statistics/compatible.ts'
import { holdTimes } from '../../src/upstream/behaviour.ts'
import type { ServerSpec } from '../../src/upstream/spec.ts'
import { judgedCalmly, observeSpoilt, type Ran, runScenario, type StraightRecord, to } from '../helpers/scenario.ts'

/** Faults that the stub makes for those whom the hop sends on by the route of the fault. */

/** What two shared cores may add to a limit of time. */
const MACHINE_LAG_MS = 150

function evidence(ran: Ran, id: string): FaultEvidence {
  const found = ran.observations.faults.find((fault) => fault.id === id)
  if (!found) throw new Error(`no fault ${id}`)
  return found
}

/** The share is within the exact interval of 99.9 %, and the hop's log, the route's counter and the stub's journal give one number. */
function expectShare(ran: Ran, id: string, percent: number) {
  const fault = evidence(ran, id)
  expect(fault.matched).toBeGreaterThan(0)
  expect(compatibleShare(fault.met, fault.matched, percent / 100), `${fault.met} of ${fault.matched}, asked ${percent} %`).toBe(true)
  expect(fault).toMatchObject({ inferred: fault.met, doubt: null })
  // Requests within the clock's slack of an edge are counted by Envoy but left out of the log's share.
  expect(Math.abs(fault.counted - fault.met)).toBeLessThanOrEqual(2)
}

const attemptsOf = (records: readonly StraightRecord[]) => records.flatMap((record) => record.attempts)
const met = (attempt: Attempt, id: string) => attempt.hop?.faults.includes(id) ?? false
const of = (ran: Ran, path: string, phase: number) => to(ran, path).filter((record) => record.phase === phase && !record.edge)

describe('who meets it', () => {
  let ran: Ran
  beforeAll(async () => {
    ran = await runScenario(`
upstreams: { share: {}, header: {}, replica: { replicas: 2 }, two: {}, apart: {}, aborted: {} }
envoy:
  routes: [${['share', 'header', 'replica', 'two', 'apart', 'aborted'].map((name) => `{ match: { path: /${name} }, cluster: ${name}, timeout: 400ms }`).join(', ')}]
load:
  rate: 250/s
  requests:
    - { GET: /share, weight: 8 }
    - { GET: /header, headers: { x-user: jason } }
    - { GET: /header, headers: { x-user: Jason, x-chaos-fault: hung-2 } }
    - { GET: /replica }
    - { GET: /two, weight: 4 }
    - { GET: /apart, headers: { x-user: a }, weight: 2 }
    - { GET: /apart, headers: { x-user: b }, weight: 2 }
    - { GET: /aborted, weight: 4 }
phases:
  - { name: calm, for: 500ms }
  - name: hung
    for: 4s
    faults:
      - { cluster: share, hang: true, percent: 12.5 }
      - { cluster: header, hang: true, when: { header: { x-user: jason } } }
      - { cluster: replica, replica: 2, hang: true }
      - { cluster: two, hang: true, percent: 30 }
      - { cluster: two, hang: true, percent: 30 }
      - { cluster: apart, hang: true, percent: 50, when: { header: { x-user: a } } }
      - { cluster: apart, hang: true, percent: 50, when: { header: { x-user: b } } }
      - { cluster: aborted, hang: true, percent: 50 }
      - { cluster: aborted, abort: 503, percent: 50 }
  - { name: after, for: 500ms }
`)
  })

  test.each([
    ['hung-1', 12.5],
    ['hung-2', 100],
    ['hung-3', 100],
    ['hung-4', 30],
    // Of those that the one before it left: Envoy draws once for both.
    ['hung-5', 30],
    ['hung-6', 50],
    ['hung-7', 50],
    // Of those that the abort left: the filter acts first, wherever it stands.
    ['hung-8', 50],
    ['hung-9', 50],
  ])('%s has its share of %s %%, by the hop, its counter and the stub', (id, percent) => expectShare(ran, id, percent))

  test('a header decides at the hop, and none that the caller sends reaches the stub', () => {
    const statuses = (user: string) =>
      new Set(
        of(ran, '/header', 1)
          .filter(({ request }) => ran.plan.requests[request]?.headers['x-user'] === user)
          .map(({ status }) => status),
      )
    expect(statuses('jason')).toEqual(new Set([504]))
    expect(statuses('Jason')).toEqual(new Set([200]))
  })

  test('a fault at one replica leaves the other alone', () => {
    const attempts = attemptsOf(of(ran, '/replica', 1))
    expect(new Set(attempts.map(({ replica, cutBy }) => `${replica}: ${cutBy}`))).toEqual(new Set(['1: null', '2: route']))
  })

  test('one that was aborted never came to the stub, and does not count as hung', () => {
    const aborted = attemptsOf(of(ran, '/aborted', 1)).filter(({ status }) => status === 503)
    expect(aborted.length).toBeGreaterThan(0)
    for (const attempt of aborted) expect(attempt).toMatchObject({ stub: null, hop: { faults: ['hung-9'] } })
  })

  test('it begins and ends with its phase, on connections that were there before', () => {
    for (const phase of [0, 2])
      for (const record of ran.records.filter((each) => each.phase === phase && !each.edge))
        expect(record).toMatchObject({ status: 200, attempts: [{ hop: { faults: [] } }] })
    // The calm phase left some: no connection had to be waited for.
    const reused = attemptsOf(of(ran, '/share', 1)).filter((attempt) => met(attempt, 'hung-1') && attempt.poolMs === 0)
    expect(reused.length).toBeGreaterThan(0)
  })

  test('no source contradicts another', () => expect(ran.observations.unsound).toEqual([]))

  test('without the word of the stub it is doubted', () => {
    const silent = ran.logs.journal.replaceAll(',"fault":"hung-1"', '')
    const faults = observeSpoilt(ran, { journal: silent }).faults
    expect(faults.find(({ id }) => id === 'hung-1')?.doubt).toContain('the sources disagree on hang on share')
    expect(faults.find(({ id }) => id === 'hung-4')?.doubt).toBeNull()
  })
})

describe('hang', () => {
  let ran: Ran
  beforeAll(async () => {
    ran = await runScenario(`
upstreams: { try: { workers: 1, latency: 5ms }, route: {}, silence: {}, caller: {} }
envoy:
  # The default of 3 would suppress retries.
  clusters: { try: { circuit_breakers: { max_retries: 50 } }, silence: { circuit_breakers: { max_retries: 50 } } }
  routes:
    - { match: { path: /try }, cluster: try, timeout: 1s, retry_policy: { retry_on: [gateway-error], num_retries: 1, per_try_timeout: 200ms } }
    - { match: { path: /route }, cluster: route, timeout: 200ms }
    - { match: { path: /silence }, cluster: silence, timeout: 1s, retry_policy: { retry_on: [gateway-error], num_retries: 1, per_try_idle_timeout: 200ms } }
    - { match: { path: /caller }, cluster: caller, timeout: 0s }
load:
  rate: 40/s
  deadline: 100ms
  requests: [{ GET: /try }, { GET: /route }, { GET: /silence }, { GET: /caller, weight: 0.2 }]
phases:
  - name: hung
    for: 1s
    faults: [${['try', 'route', 'silence', 'caller'].map((cluster) => `{ cluster: ${cluster}, hang: true }`).join(', ')}]
  - { name: after, for: 500ms }
`)
  })

  test.each([
    ['/try', { details: 'upstream_per_try_timeout', status: 504 }, 2, 'per_try', 200],
    ['/route', { details: 'response_timeout', status: 504 }, 1, 'route', 200],
    ['/silence', { details: 'upstream_per_try_idle_timeout', status: 504 }, 2, 'per_try_idle', 200],
  ])('%s: a limit of time ends it, and says so', (path, egress, tries, cutBy, ms) => {
    const records = of(ran, path, 0)
    expect(records.length).toBeGreaterThan(3)
    for (const record of records) {
      expect(record.egress).toMatchObject(egress)
      expect(record.attempts).toHaveLength(tries)
      for (const attempt of record.attempts) {
        expect(attempt).toMatchObject({ cutBy, stub: { answered: null, fault: expect.stringMatching(/^hung-/) } })
        expect(attempt.durationMs).toBeGreaterThan(ms - 10)
        expect(attempt.durationMs).toBeLessThan(ms + MACHINE_LAG_MS)
      }
    }
  })

  test('where no limit does, the patience of the client ends it: no answer, and no success', () => {
    const records = to(ran, '/caller').filter(({ phase }) => phase === 0)
    expect(records.length).toBeGreaterThan(0)
    for (const record of records) {
      // load.deadline and 5 s.
      expect(record).toMatchObject({ status: null, success: false, error: 'no answer 5.1 s after the due time: the client hung up' })
      expect(record.attempts).toMatchObject([{ status: 0, stub: { answered: null } }])
    }
  })

  test('every hanging request has its line in the journal, and its worker is free when the work is done', () => {
    expect(ran.observations.unsound).toEqual([])
    // One worker of 5 ms, 200 tries in 10 s at the most: had a hanging request kept it, the others would wait 200 ms.
    for (const { stub } of attemptsOf(of(ran, '/try', 0))) expect((stub?.started as number) - (stub?.arrived as number)).toBeLessThan(100)
  })

  test('it ends with its phase', () => {
    const after = ran.records.filter(({ phase }) => phase === 1)
    expect(after.length).toBeGreaterThan(10)
    for (const record of after) expect(record.status).toBe(200)
  })
})

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
    expectShare(ran, 'cut-1', 100)
    expectShare(ran, 'cut-2', 100)
    expectShare(ran, 'cut-3', 50)
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
    for (const id of ['slow-1', 'slow-3', 'slow-4']) expectShare(ran, id, 100)
    expectShare(ran, 'slow-2', 50)
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
      const fault = evidence(ran, id)
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

describe('slow and delays that are drawn', () => {
  let ran: Ran
  beforeAll(async () => {
    ran = await runScenario(`
upstreams: { slow: { workers: 1, latency: 10ms }, delayed: { workers: 1, latency: 10ms }, law: {}, cut: {} }
envoy:
  routes: [${['slow', 'delayed', 'law'].map((name) => `{ match: { path: /${name} }, cluster: ${name} }`).join(', ')}, { match: { path: /cut }, cluster: cut, timeout: 60ms }]
load: { rate: 120/s, requests: [{ GET: /slow }, { GET: /delayed }, { GET: /law, weight: 3 }, { GET: /cut }] }
phases:
  - name: all
    for: 3s
    faults:
      - { cluster: slow, slow: 8, percent: 50 }
      - { cluster: delayed, delay: { uniform: [79ms, 81ms] }, percent: 50 }
      - { cluster: law, delay: { p50: 40ms, p99: 120ms } }
      - { cluster: cut, delay: { uniform: [900ms, 1s] } }
  - { name: after, for: 500ms }
`)
  })
  const stubsOf = (path: string) => attemptsOf(of(ran, path, 0)).flatMap(({ stub }) => stub ?? [])
  const waited = (path: string) => stubsOf(path).map(({ arrived, started, held = 0 }) => started - arrived - held)

  test('they are met as often as asked', () => {
    expectShare(ran, 'all-1', 50)
    expectShare(ran, 'all-2', 50)
    expectShare(ran, 'all-3', 100)
    expectShare(ran, 'all-4', 100)
  })

  test('slow keeps the worker for so many times as long, and others wait behind it', () => {
    for (const { started, due, fault } of stubsOf('/slow')) expect(due - started).toBeCloseTo(fault === undefined ? 10 : 80, 2)
    // 20/s of 45 ms on average: 90 % of the only worker.
    expect(waited('/slow').filter((ms) => ms > 20).length).toBeGreaterThan(10)
  })

  test('a delay of the same length keeps no worker, and nobody waits for it', () => {
    const held = stubsOf('/delayed').flatMap((stub) => stub.held ?? [])
    expect(held.length).toBeGreaterThan(10)
    for (const ms of held) expect(ms).toBeGreaterThanOrEqual(79)
    // 20/s of 10 ms: 20 % of the worker; two that come at once wait 10 ms.
    const waits = waited('/delayed').toSorted((a, b) => a - b)
    expect(waits[Math.floor(0.8 * waits.length)]).toBeLessThan(20)
  })

  test('a log-normal delay has its median, and is as long for Envoy as for the stub', () => {
    const attempts = attemptsOf(of(ran, '/law', 0))
    const held = attempts.map(({ stub }) => stub?.held as number).toSorted((a, b) => a - b)
    // 180 draws: their median lies between the quantiles 37.5 and 62.5 % of the law in all but one of 1,000 runs; sigma is ln(3)/2.326.
    expect(held[Math.floor(held.length / 2)]).toBeGreaterThan(40 * Math.exp((-0.319 * Math.log(3)) / 2.326))
    expect(held[Math.floor(held.length / 2)]).toBeLessThan(40 * Math.exp((0.319 * Math.log(3)) / 2.326))
    for (const { durationMs, poolMs, stub } of attempts) expect(durationMs - poolMs).toBeGreaterThan((stub?.held as number) - 10)
  })

  test('what is cut while it is held never gets to a worker', () => {
    for (const attempt of attemptsOf(of(ran, '/cut', 0)))
      expect(attempt).toMatchObject({ cutBy: 'route', stub: { answered: null, busy: 0 } })
  })

  test('the same seed draws the same delays', () => {
    const next = holdTimes(ran.plan.stubs.servers.find(({ cluster }) => cluster === 'law') as ServerSpec)
    const drawn = stubsOf('/law')
      .toSorted((a, b) => a.arrived - b.arrived)
      .map(({ held }) => held)
    for (const held of drawn.slice(0, 20)) expect(held).toBeCloseTo(next('all-3'), 2)
  })

  test('no source contradicts another', () => expect(ran.observations.unsound).toEqual([]))
})
