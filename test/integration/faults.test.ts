import { request } from 'undici'
import { beforeAll, describe, expect, test } from 'vitest'
import type { FaultEvidence, Observations } from '../../src/observe/observations.ts'
import type { Attempt } from '../../src/observe/record.ts'
import { predict } from '../../src/predict/predict.ts'
import { compatibleShare } from '../../src/statistics/compatible.ts'
import { observeSpoilt, openLoadOf, type Ran, runScenario, type StraightRecord, to } from '../helpers/scenario.ts'

/** Envoy arms a timer from the time at which its event loop woke up, so a delay comes out short by what the loop was busy since. */
const SHORT_MS = 5
/** What two shared cores may add to the median of delays, and to any one of them. */
const MEDIAN_LATE_MS = 15
const MACHINE_LAG_MS = 150

/** The evidence of a fault by its id: the phase's name and its place there. */
function evidence(observations: Observations, id: string): FaultEvidence {
  const found = observations.faults.find((fault) => fault.id === id)
  if (!found) throw new Error(`no fault ${id}`)
  return found
}

/** Every source gives the same number, and that number is within the exact interval of 99.9 % about the share that was asked. */
function expectShare(ran: Ran, id: string, percent: number) {
  const fault = evidence(ran.observations, id)
  expect(fault.matched).toBeGreaterThan(0)
  expect(compatibleShare(fault.met, fault.matched, percent / 100), `${fault.met} of ${fault.matched}, asked ${percent} %`).toBe(true)
  expect(fault.doubt).toBeNull()
}

const attemptsOf = (records: readonly StraightRecord[]) => records.flatMap((record) => record.attempts)
const met = (attempt: Attempt, id: string) => attempt.hop?.faults.includes(id) ?? false
const quantile = (values: readonly number[], q: number) => values.toSorted((a, b) => a - b)[Math.ceil(q * values.length) - 1] as number

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
    expect(compatibleShare(both.length, attempts.length, 0.4 * 0.25)).toBe(true)
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

describe('of several statuses of one abort', () => {
  let ran: Ran
  beforeAll(async () => {
    ran = await runScenario(`
upstreams: { one: { replicas: 2 } }
load: { rate: 400/s }
phases:
  - { name: upstream, for: 2s, faults: [{ cluster: one, abort: { 503: 20, 429: 10, 418: 0.5 } }] }
  - { name: ingress, for: 1s, faults: [{ cluster: one, at: ingress, abort: { 503: 50, 500: 50 } }] }
`)
  })

  test.each([
    ['upstream', 503, 20],
    ['upstream', 429, 10],
    ['upstream', 418, 0.5],
    ['upstream', 200, 69.5],
    ['ingress', 503, 50],
    ['ingress', 500, 50],
  ])('%s: %d has its share of all: %d %%', (phase, status, percent) => {
    const all = ran.records.filter((record) => ran.plan.phases[record.phase]?.name === phase && !record.edge)
    const met = all.filter((record) => record.status === status).length
    expect(compatibleShare(met, all.length, percent / 100), `${met} of ${all.length}`).toBe(true)
  })

  test('no attempt meets two of them, and each is proved by itself', () => {
    // Of the 99.5 % that are left by 418, 10 are 10.0503 %; of the 89.5 % that these leave, 20 are 22.3464 %.
    expect(ran.plan.faults.map(({ id, percent }) => [id, percent])).toEqual([
      ['upstream-1-418', 0.5],
      ['upstream-1-429', expect.closeTo(10.0503, 6)],
      ['upstream-1-503', expect.closeTo(22.3464, 6)],
      ['ingress-1-500', 50],
      ['ingress-1-503', 100],
    ])
    for (const { ingressFaults, attempts } of ran.records) {
      expect(ingressFaults.length).toBeLessThanOrEqual(1)
      for (const { hop } of attempts) expect(hop?.faults.length ?? 0).toBeLessThanOrEqual(1)
    }
    for (const { doubt } of ran.observations.faults) expect(doubt).toBeNull()
    expect(ran.observations.unsound).toEqual([])
  })

  test('the arithmetic has them, too', () => {
    const [, kinds] = predict(ran.scenario, ran.plan).phases.map((phase) => phase.kinds)
    expect(kinds?.[0]?.success).toEqual({ low: 0, high: 0 })
    const success = predict(ran.scenario, ran.plan).phases[0]?.kinds[0]?.success
    // 100 - 20 - 10 - 0.5
    expect(success?.low).toBeCloseTo(0.695, 5)
  })
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
load: { rate: 700/s, arrivals: poisson, requests: [{ GET: /upstream }, { GET: /ingress }] }
phases:
${STATUSES.map((status, i) => `  - { name: phase ${i}, for: 150ms, faults: [${[faults(status, 'upstream'), faults(status, 'ingress')].filter(Boolean).join(', ')}] }`).join('\n')}
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

describe('evidence that was tampered with is doubted', () => {
  let ran: Ran
  beforeAll(async () => {
    ran = await runScenario(
      `
upstreams: { one: { replicas: 2 } }
envoy: { routes: [{ match: { prefix: / }, cluster: one, retry_policy: { retry_on: [5xx] } }], clusters: { one: { circuit_breakers: { max_retries: 100 } } } }
load: { rate: 300/s }
phases:
  - { name: sound, for: 500ms, faults: [{ cluster: one, abort: 503, percent: 30 }] }
  - { name: reset, for: 500ms, faults: [{ cluster: one, abort: 503 }] }
  - { name: stirred, for: 500ms }
`,
      {
        async meanwhile({ admin, at }) {
          await at(750)
          const path = `/runtime_modify?${new URLSearchParams({ 'chaos.reset-1.percent': '0' })}`
          const { body, statusCode } = await request(`http://${admin.host}:${admin.port}${path}`, { method: 'POST' })
          await body.dump()
          if (statusCode !== 200) throw new Error(`the tampering failed: ${statusCode}`)
        },
      },
    )
  })

  test('untouched evidence is not', () => {
    expect(ran.observations.unsound).toEqual([])
    expect(evidence(ran.observations, 'sound-1').doubt).toBeNull()
  })

  test('a fault that someone switched off in the middle of its phase missed its share', () => {
    expect(evidence(ran.observations, 'reset-1').doubt).toContain('missed its share: 100 % asked')
  })

  const LOGS = ['egress', 'attempts', 'hop', 'journal'] as const
  const lines = (log: (typeof LOGS)[number]) => ran.logs[log].split('\n').filter((line) => line !== '')
  const spoil = (log: (typeof LOGS)[number], text: string) => observeSpoilt(ran, { [log]: text }).unsound

  describe.each(LOGS)('the %s log', (log) => {
    // One line of the first phase, of the middle, and the last.
    test.each([0.1, 0.5, 0.999])('with one line missing, at %d of it', (at) => {
      const kept = lines(log)
      kept.splice(Math.floor(at * kept.length), 1)
      expect(spoil(log, `${kept.join('\n')}\n`)).not.toEqual([])
    })

    test('with its last line cut off in the middle', () => {
      expect(spoil(log, ran.logs[log].slice(0, -40))).toContain('1 log line is cut off in the middle')
    })

    test('with one line twice', () => {
      const all = lines(log)
      expect(spoil(log, `${[...all, all[10]].join('\n')}\n`)).not.toEqual([])
    })

    test('with one line in the place of another', () => {
      const all = lines(log)
      all[20] = all[10] as string
      expect(spoil(log, `${all.join('\n')}\n`)).not.toEqual([])
    })

    test('empty', () => expect(spoil(log, '')).not.toEqual([]))
  })
})
