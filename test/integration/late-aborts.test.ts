import { beforeAll, describe, expect, test } from 'vitest'
import type { Attempt } from '../../src/observe/record.ts'
import { predict } from '../../src/predict/predict.ts'
import { compatibleShare } from '../../src/statistics/compatible.ts'
import { expectDrawn } from '../helpers/chance.ts'
import { evidence as evidenceIn } from '../helpers/fault-evidence.ts'
import { observeSpoilt, type Ran, runScenario, to } from '../helpers/scenario.ts'

/** Envoy arms a timer from the time at which its event loop woke up, so a delay comes out short by what the loop was busy since. */
const SHORT_MS = 15

/** One fault that holds a request and then aborts it. The filter of Envoy would draw for each of the two by itself. */
describe('a delay and an abort in one fault', () => {
  let ran: Ran
  beforeAll(async () => {
    ran = await runScenario(`
upstreams: { share: { replicas: 2 }, beside: {}, cut: {}, retried: {}, chosen: {}, asked: {} }
envoy:
  clusters: { retried: { circuit_breakers: { max_retries: 200 } } }
  routes:
    - { match: { path: /cut }, cluster: cut, retry_policy: { retry_on: [reset], num_retries: 0, per_try_timeout: 100ms } }
    - { match: { path: /retried }, cluster: retried, retry_policy: { retry_on: [5xx], num_retries: 1, retry_back_off: { base_interval: 1ms } } }
${['share', 'beside', 'chosen', 'asked'].map((name) => `    - { match: { prefix: /${name} }, cluster: ${name} }`).join('\n')}
load:
  rate: 400/s
  requests:
    - { GET: /share, weight: 4 }
    - { GET: /beside, weight: 8 }
    - { GET: /cut }
    - { GET: /retried, weight: 2 }
    - { GET: /chosen }
    - { GET: /asked }
    - { GET: /asked/both, headers: { x-envoy-fault-delay-request: "100", x-envoy-fault-abort-request: "503" } }
    - { GET: /asked/abort, headers: { x-envoy-fault-abort-request: "503" } }
phases:
  - name: all
    for: 3s
    faults:
      - { cluster: share, delay: 100ms, abort: 503, percent: 30 }
      - { cluster: beside, delay: 20ms, percent: 40 }
      - { cluster: beside, delay: 50ms, abort: 502, percent: 30 }
      - { cluster: beside, delay: { uniform: [10ms, 20ms] }, percent: 30 }
      - { cluster: beside, abort: 501, percent: 40 }
      - { cluster: cut, delay: 300ms, abort: 503, percent: 50 }
      - { cluster: retried, delay: 20ms, abort: 503, percent: 50 }
      - { cluster: chosen, delay: 100ms, abort: 503, every: 3 }
      - { cluster: asked, delay: 100ms, abort: 503, by: header }
  - { name: next, for: 500ms, faults: [{ cluster: share, abort: 500, percent: 50 }] }
  - { name: over, for: 500ms }
`)
  })
  const evidence = (id: string) => evidenceIn(ran.observations, id)
  const attempts = (path: string) => to(ran, path).flatMap((record) => (record.phase === 0 && !record.edge ? record.attempts : []))
  const metBy = (attempt: Attempt) => attempt.hop?.faults ?? []

  test.each([
    ['all-1', 30],
    ['all-2', 40],
    ['all-3', 30],
    ['all-4', 30],
    ['all-5', 40],
    ['all-6', 50],
    ['all-7', 50],
    ['all-9', 100],
  ])('%s is met by %d of 100, and no source contradicts another', (id, percent) => {
    const { matched, met, doubt } = evidence(id)
    expect(doubt).toBeNull()
    expect(compatibleShare(met, matched, percent / 100), `${met} of ${matched}`).toBe(true)
  })

  test('the same requests are held and then answered: none is only one of both', () => {
    for (const attempt of attempts('/share')) {
      if (metBy(attempt).includes('all-1')) {
        expect(attempt).toMatchObject({ status: 503, stub: null, hop: { flags: ['DI', 'FI'] } })
        expect(attempt.durationMs).toBeGreaterThanOrEqual(100 - SHORT_MS)
      } else expect(attempt).toMatchObject({ status: 200, hop: { flags: [], faults: [] } })
    }
    expect(new Set(attempts('/share').map(({ replica }) => replica))).toEqual(new Set([1, 2]))
  })

  test('beside others at one hop it takes its place in their order, and no request takes two routes', () => {
    // The rarest of them, both delays, are 0.4 * 0.21 * 0.6 of some 500 attempts: 25.
    const kinds = new Set(attempts('/beside').map((attempt) => `${metBy(attempt).toSorted().join()}: ${attempt.status}`))
    expect(kinds).toEqual(
      new Set([
        ...[': 200', 'all-3: 502', 'all-4: 200', 'all-5: 501'],
        ...['all-2: 200', 'all-2,all-3: 502', 'all-2,all-4: 200', 'all-2,all-5: 501'],
      ]),
    )
  })

  test('a per_try_timeout that is shorter than the delay cuts it, and there is no abort', () => {
    const held = attempts('/cut').filter((attempt) => metBy(attempt).includes('all-6'))
    expect(held.length).toBeGreaterThan(10)
    for (const attempt of held) expect(attempt).toMatchObject({ cutBy: 'per_try', stub: null, hop: { flags: ['DI', 'DC'] } })
  })

  test('what it answers is tried again, each try by a draw of its own', () => {
    const first = to(ran, '/retried').filter((record) => record.phase === 0 && !record.edge && record.attempts[0]?.status === 503)
    const again = first.filter((record) => record.attempts[1]?.status === 503)
    for (const record of first) expect(record.attempts.length).toBe(2)
    expectDrawn(again.length, first.length, 0.5)
  })

  test('those that are chosen meet it, and only they', () => {
    const { chosen } = ran.plan.faults.find(({ id }) => id === 'all-8') ?? {}
    expect(evidence('all-8')).toMatchObject({ doubt: null, metRequests: chosen?.requests.size })
  })

  test('by: header takes both of the headers of Envoy', () => {
    expect(new Set(attempts('/asked/both').map(({ status }) => status))).toEqual(new Set([503]))
    expect(new Set([...attempts('/asked/abort'), ...attempts('/asked')].map(({ status }) => status))).toEqual(new Set([200]))
  })

  test('it ends with its phase', () => {
    for (const record of ran.records.filter(({ phase, edge }) => phase === 2 && !edge)) expect(record.status).toBe(200)
  })

  test('an abort that comes when its phase is over is counted there, and is no doubt of the faults of the next', () => {
    const ofNext = ran.records.filter(({ phase, edge }) => phase === 1 && !edge)
    expect(new Set(ofNext.map(({ status }) => status))).toEqual(new Set([200, 500]))
    expect(evidence('next-1').doubt).toBeNull()
  })

  test('the arithmetic has the same shares', () => {
    const kinds = predict(ran.scenario, ran.plan).phases[0]?.kinds ?? []
    const success = (name: string) => kinds.find(({ request }) => request.startsWith(name))?.success
    expect(success('GET /share')?.low).toBeCloseTo(0.7, 5)
    // It meets 30 %, and of the other 70 % the last abort 40 %; the stub's delay is none's failure.
    expect(success('GET /beside')?.low).toBeCloseTo(0.42, 5)
    expect(success('GET /cut')?.low).toBeCloseTo(0.5, 5)
    expect(success('GET /retried')?.low).toBeCloseTo(0.75, 5)
  })

  test('a log that does not have the aborts is doubted', () => {
    const hop = ran.logs.hop.replaceAll('"DI,FI"', '"DI"')
    const spoilt = observeSpoilt(ran, { hop }).faults.find(({ id }) => id === 'all-1')
    expect(spoilt?.doubt).toMatch(/Envoy's counter gained \d+, its access log has 0$/)
  })

  test('a stub that got what was aborted is doubted', () => {
    // Whoever met it is said to have met nothing by the next station, too, if the attempts say 200.
    const attempts = ran.logs.attempts.replaceAll('"status":503', '"status":200')
    const spoilt = observeSpoilt(ran, { attempts }).faults.find(({ id }) => id === 'all-1')
    expect(spoilt?.doubt).not.toBeNull()
  })

  test('no source contradicts another', () => expect(ran.observations.unsound).toEqual([]))
})
