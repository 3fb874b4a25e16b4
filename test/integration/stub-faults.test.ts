import { beforeAll, describe, expect, test } from 'vitest'
import { attemptsOf, expectRoutedShare, MACHINE_LAG_MS, met } from '../helpers/fault-evidence.ts'
import { observeSpoilt, type Ran, runScenario, to } from '../helpers/scenario.ts'

/** Faults that the stub makes for those whom the hop sends on by the route of the fault: who meets them, and one that is never answered. */

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
  ])('%s has its share of %s %%, by the hop, its counter and the stub', (id, percent) => expectRoutedShare(ran, id, percent))

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
