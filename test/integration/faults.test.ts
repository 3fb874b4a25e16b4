import { beforeAll, describe, expect, test } from 'vitest'
import { expectDrawn } from '../helpers/chance.ts'
import { attemptsOf, evidence, expectShare, MACHINE_LAG_MS, met, quantile, SHORT_MS } from '../helpers/fault-evidence.ts'
import { openLoadOf, type Ran, runScenario, to } from '../helpers/scenario.ts'

/** What two shared cores may add to the median of delays. */
const MEDIAN_LATE_MS = 15

describe('by percent, header and replica', () => {
  let ran: Ran
  beforeAll(async () => {
    ran = await runScenario(`
upstreams: { half: {}, tenths: {}, header: {}, both: {}, replica: { replicas: 2 }, mixed: {}, aborts: {} }
envoy:
  routes: [${['half', 'tenths', 'header', 'both', 'replica', 'mixed', 'aborts'].map((name) => `{ match: { path: /${name} }, cluster: ${name} }`).join(', ')}]
load:
  rate: 800/s
  requests:
    # 1,600 requests: the chance that none meets a fault of 0.5 % is 0.03 %.
    - { GET: /half, weight: 30 }
    - { GET: /tenths, weight: 3 }
    - { GET: /header, headers: { x-user: jason } }
    - { GET: /header, headers: { X-User: Jason } }
    - { GET: /header }
    - { GET: /both, headers: { x-user: "yes", x-other: "1" } }
    - { GET: /both, headers: { x-user: "yes" } }
    - { GET: /replica }
    - { GET: /mixed, weight: 3 }
    - { GET: /aborts, headers: { x-a: "1" } }
    - { GET: /aborts, headers: { x-b: "1" } }
    - { GET: /aborts, headers: { x-a: "1", x-b: "1" } }
phases:
  - name: all
    for: 3s
    faults:
      - { cluster: half, abort: 503, percent: 0.5 }
      - { cluster: tenths, delay: 40ms, percent: 12.5 }
      - { cluster: header, abort: 429, when: { header: { x-user: jason } } }
      - { cluster: both, abort: 500, percent: 30, when: { header: { x-user: "yes", x-other: "1" } } }
      - { cluster: replica, replica: 2, abort: 418 }
      - { cluster: mixed, delay: 30ms, percent: 40 }
      - { cluster: mixed, abort: 502, percent: 25 }
      - { cluster: aborts, abort: 501, when: { header: { x-a: "1" } } }
      - { cluster: aborts, abort: 504, when: { header: { x-b: "1" } } }
  - { name: none, for: 100ms }
`)
  })
  const kind = (headers: Record<string, string>, path: string) =>
    to(ran, path).filter(
      (record) =>
        record.phase === 0 && JSON.stringify(ran.plan.requests[record.request]?.headers) === JSON.stringify(headers) && !record.edge,
    )

  test.each([
    ['all-1', 0.5],
    ['all-2', 12.5],
    ['all-3', 100],
    ['all-4', 30],
    ['all-5', 100],
    ['all-6', 40],
    ['all-7', 25],
    ['all-8', 100],
    ['all-9', 100],
  ])('%s has its share of %d %%, and matched, met, counted and inferred agree', (id, percent) => {
    expectShare(ran, id, percent)
    const fault = evidence(ran.observations, id)
    // Faults of one kind on one hop share their counter.
    const kin = ['all-8', 'all-9'].includes(id) ? ['all-8', 'all-9'] : [id]
    const metTogether = kin.reduce((sum, other) => sum + evidence(ran.observations, other).met, 0)
    // Requests within the clock's slack of an edge are counted by Envoy but left out of the log's share.
    expect(Math.abs(fault.counted - metTogether)).toBeLessThanOrEqual(2)
    if (id !== 'all-2' && id !== 'all-6') expect(fault.inferred).toBe(metTogether)
    else expect(fault.inferred).toBeGreaterThanOrEqual(metTogether)
  })

  test('a header is compared without its case in the name, and with it in the value', () => {
    expect(new Set(kind({ 'x-user': 'jason' }, '/header').map((record) => record.status))).toEqual(new Set([429]))
    expect(new Set(kind({ 'x-user': 'Jason' }, '/header').map((record) => record.status))).toEqual(new Set([200]))
    expect(new Set(kind({}, '/header').map((record) => record.status))).toEqual(new Set([200]))
  })

  test('of several headers all must be there', () => {
    expect(kind({ 'x-user': 'yes' }, '/both').every((record) => record.status === 200)).toBe(true)
    expect(new Set(kind({ 'x-user': 'yes', 'x-other': '1' }, '/both').map((record) => record.status))).toEqual(new Set([200, 500]))
  })

  test('a fault at one replica leaves the other alone', () => {
    const attempts = attemptsOf(kind({}, '/replica'))
    expect(new Set(attempts.map(({ replica, status }) => `${replica}: ${status}`))).toEqual(new Set(['1: 200', '2: 418']))
  })

  test('a delay and an abort on one hop are drawn apart, and both can be met, the delay first', () => {
    const attempts = attemptsOf(kind({}, '/mixed'))
    const both = attempts.filter((attempt) => met(attempt, 'all-6') && met(attempt, 'all-7'))
    expectDrawn(both.length, attempts.length, 0.4 * 0.25)
    for (const attempt of both) {
      expect(attempt).toMatchObject({ status: 502, stub: null })
      expect(attempt.durationMs).toBeGreaterThanOrEqual(30 - SHORT_MS)
    }
  })

  test('of two aborts on one hop, each takes the requests with its header, and the first those with both', () => {
    const statuses = (headers: Record<string, string>) => new Set(kind(headers, '/aborts').map((record) => record.status))
    expect([statuses({ 'x-a': '1' }), statuses({ 'x-b': '1' }), statuses({ 'x-a': '1', 'x-b': '1' })]).toEqual([
      new Set([501]),
      new Set([504]),
      new Set([501]),
    ])
    for (const record of kind({ 'x-a': '1', 'x-b': '1' }, '/aborts')) expect(record.attempts[0]?.hop?.faults).toEqual(['all-8'])
  })

  test('no source contradicts another', () => expect(ran.observations.unsound).toEqual([]))
})

test('a delay is as long as it was asked, but for the slack', async ({ annotate }) => {
  const ran = await runScenario(`
upstreams: { one: {} }
load: { rate: 100/s }
phases: [{ name: all, for: 1500ms, faults: [{ cluster: one, delay: 40ms }] }]
`)
  const beyond = attemptsOf(ran.records)
    .filter((attempt) => met(attempt, 'all-1') && attempt.stub?.answered)
    // Until the stub has it: without the stub's own service time.
    .map((attempt) => (attempt.stub?.arrived as number) - attempt.start - 40)
  expect(beyond.length).toBeGreaterThan(100)
  const [least, p50, p99] = [Math.min(...beyond), quantile(beyond, 0.5), quantile(beyond, 0.99)]
  await annotate(
    `delay of 40 ms, ${beyond.length} attempts, ms beyond it: least ${least.toFixed(2)}, p50 ${p50.toFixed(2)}, p99 ${p99.toFixed(2)}`,
  )
  expect(quantile(beyond, 0.02)).toBeGreaterThan(-SHORT_MS)
  expect(p50).toBeLessThan(MEDIAN_LATE_MS)
  expect(quantile(beyond, 0.9)).toBeLessThan(MACHINE_LAG_MS)
})

describe('at ingress with two clusters', () => {
  let ran: Ran
  beforeAll(async () => {
    ran = await runScenario(`
upstreams: { one: {}, two: {} }
envoy:
  routes: 
    - { match: { path: /one }, cluster: one, retry_policy: { retry_on: [5xx] } }
    - { match: { path: /two }, cluster: two, timeout: 150ms }
load: { rate: 400/s, requests: [{ GET: /one }, { GET: /two }] }
phases:
  - { name: abort, for: 500ms, faults: [{ cluster: one, at: ingress, abort: 503, percent: 50 }] }
  - { name: delay, for: 700ms, faults: [{ cluster: two, at: ingress, delay: 200ms }] }
  - { name: both, for: 500ms, faults: [{ cluster: one, at: ingress, abort: 500 }, { cluster: two, at: ingress, abort: 501, percent: 20 }] }
`)
  })
  const of = (path: string, phase: number) => to(ran, path).filter((record) => record.phase === phase && !record.edge)

  test('a fault meets the requests of its cluster alone, in its share', () => {
    expectShare(ran, 'abort-1', 50)
    expectShare(ran, 'delay-1', 100)
    expectShare(ran, 'both-1', 100)
    expectShare(ran, 'both-2', 20)
    for (const record of of('/two', 0)) expect(record).toMatchObject({ status: 200, ingressFaults: [] })
    for (const record of of('/one', 1)) expect(record).toMatchObject({ status: 200, ingressFaults: [] })
  })

  test('no policy of Envoy sees it: an abort is not retried and has no attempt', () => {
    const aborted = of('/one', 0).filter((record) => record.status === 503)
    expect(aborted.length).toBeGreaterThan(0)
    for (const record of aborted)
      expect(record).toMatchObject({ attempts: [], ingressFaults: ['abort-1'], egress: { details: 'fault_filter_abort' } })
  })

  test('no policy of Envoy sees it: a delay beyond the timeout is not cut', () => {
    expect(of('/two', 1).length).toBeGreaterThan(0)
    for (const record of of('/two', 1)) {
      expect(record).toMatchObject({ status: 200, ingressFaults: ['delay-1'] })
      expect(record.egress?.durationMs).toBeGreaterThan(200 - SHORT_MS)
    }
  })

  test('no source contradicts another', () => expect(ran.observations.unsound).toEqual([]))
})

describe('at the edge of a phase', () => {
  const STATUSES = [500, null, 501, 502, null, 503]
  let ran: Ran
  beforeAll(async () => {
    const faults = (status: number | null, at: string) => (status === null ? '' : `{ cluster: ${at}, at: ${at}, abort: ${status} }`)
    ran = await runScenario(`
upstreams: { upstream: {}, ingress: {} }
envoy: { routes: [{ match: { path: /upstream }, cluster: upstream }, { match: { path: /ingress }, cluster: ingress }] }
load: { rate: 350/s, arrivals: poisson, requests: [{ GET: /upstream }, { GET: /ingress }] }
phases:
${STATUSES.map((status, i) => `  - { name: phase ${i}, for: 300ms, faults: [${[faults(status, 'upstream'), faults(status, 'ingress')].filter(Boolean).join(', ')}] }`).join('\n')}
`)
  })

  test.each(STATUSES.map((status, phase) => [phase, status ?? 200] as const))(
    'every request due in phase %i meets its fault, and no other: %i',
    (phase, status) => {
      const all = ran.records.filter((record) => record.phase === phase)
      const settled = all.filter((record) => !record.edge)
      expect(settled.length).toBeGreaterThan(50)
      expect(new Set(settled.map((record) => record.status))).toEqual(new Set([status]))
      // In flight over the edge: the old fault, or the one of the next phase.
      for (const record of all) expect([status, STATUSES[phase + 1] ?? 200]).toContain(record.status)
    },
  )

  test('nothing is sent before its faults are in force, nor left out', async ({ annotate }) => {
    expect(ran.records.length).toBe(openLoadOf(ran.plan).due.length)
    for (const [phase, { applied }] of ran.observations.phases.entries()) {
      const first = ran.records.find((record) => record.phase === phase)
      expect(first?.sent).toBeGreaterThanOrEqual(applied)
    }
    const switches = ran.observations.phases.slice(1).map((phase) => phase.applied - phase.from)
    await annotate(`switching faults took ${switches.map((ms) => ms.toFixed(1)).join(', ')} ms`)
  })
})
