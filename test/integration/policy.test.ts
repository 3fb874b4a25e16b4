import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { suppressionsOf } from '../../src/observe/record.ts'
import { clusterStat, gapsBetween, type Ran, runScenario, to } from '../helpers/scenario.ts'
import { closesOnRequest, holdsRetries, refuses, type Stand } from '../helpers/sockets.ts'

const NO_BACK_OFF = 'retry_back_off: { base_interval: 1ms }'

describe('retry_on', () => {
  /** What goes wrong, which value of retry_on is set, and whether that value tries it again. */
  const CASES = [
    ['s500', '5xx', true],
    ['s503', '5xx', true],
    ['closing', '5xx', true],
    ['refused', '5xx', true],
    ['slow', '5xx', true],
    ['s409', '5xx', false],
    ['s500', 'gateway-error', false],
    ['s503', 'gateway-error', true],
    ['slow', 'gateway-error', true],
    ['closing', 'gateway-error', true],
    ['refused', 'gateway-error', true],
    ['closing', 'reset', true],
    ['refused', 'reset', true],
    ['slow', 'reset', true],
    ['s503', 'reset', false],
    ['closing', 'reset-before-request', false],
    ['refused', 'reset-before-request', true],
    ['refused', 'connect-failure', true],
    ['closing', 'connect-failure', false],
    ['s503', 'connect-failure', false],
    ['limited', 'envoy-ratelimited', true],
    ['s429', 'envoy-ratelimited', false],
    ['s409', 'retriable-4xx', true],
    ['s404', 'retriable-4xx', false],
    // Only HTTP/2 can refuse a stream, and the hops speak HTTP/1.1.
    ['closing', 'refused-stream', false],
    ['s503', 'refused-stream', false],
  ] as const
  const path = (trouble: string, value: string) => `/${value}/${trouble}`
  /** Beyond any stall of the machine: a try that is cut for one of those would be made again. */
  const TRY_MS = 400

  let stands: { refused: Stand; closing: Stand }
  let ran: Ran
  beforeAll(async () => {
    stands = { refused: await refuses(), closing: await closesOnRequest() }
    const troubles = [...new Set(CASES.map(([trouble]) => trouble))]
    ran = await runScenario(
      `
upstreams:
  s500: { respond: { status: 500 } }
  s503: { respond: { status: 503 } }
  s404: { respond: { status: 404 } }
  s409: { respond: { status: 409 } }
  s429: { respond: { status: 429 } }
  limited: { respond: { status: 429, headers: { x-envoy-ratelimited: "true" } } }
  slow: { latency: 1s }
  refused: {}
  closing: {}
envoy:
  clusters:
${troubles.map((trouble) => `    ${trouble}: { circuit_breakers: { max_retries: 1000 } }`).join('\n')}
  routes:
${CASES.map(
  ([trouble, value]) =>
    `    - { match: { path: ${path(trouble, value)} }, cluster: ${trouble}, retry_policy: { retry_on: [${value}], per_try_timeout: ${TRY_MS}ms, ${NO_BACK_OFF} } }`,
).join('\n')}
load: { rate: 300/s, requests: [${CASES.map(([trouble, value]) => `{ GET: ${path(trouble, value)} }`).join(', ')}] }
phases: [{ name: all, for: 600ms }]
`,
      { connectTo: { 'refused/1': stands.refused.port, 'closing/1': stands.closing.port } },
    )
  })
  afterAll(() => Promise.all(Object.values(stands).map((stand) => stand.close())))

  // num_retries is left out: its default of 1 makes two attempts of each request that is tried again.
  test.each(CASES)('%s under %s: tried again %s', (trouble, value, again) => {
    const records = to(ran, path(trouble, value))
    expect(records.length).toBeGreaterThan(0)
    for (const record of records) expect(record.attempts.length).toBe(again ? 2 : 1)
  })

  test('every attempt is numbered, and reached the stub where it could', () => {
    for (const { attempts, egress } of ran.records) {
      expect(attempts.map((attempt) => attempt.n)).toEqual(attempts.map((_, i) => i + 1))
      const stands = egress?.cluster === 'refused' || egress?.cluster === 'closing'
      for (const attempt of attempts) expect([attempt.hop !== null, attempt.stub !== null]).toEqual([!stands, !stands])
    }
    expect(ran.observations.unsound).toEqual([])
  })
})

describe('num_retries and retry_back_off', () => {
  const BASE_MS = 40
  const CAP_MS = 60
  /** From the end of an attempt to the start of the next there are, besides the back-off, two turns of Envoy's event loop. */
  const OVERHEAD_MS = 6
  /** The logs cut fractions of a millisecond off the attempts' durations. */
  const ROUNDING_MS = 1

  let ran: Ran
  beforeAll(async () => {
    const policy = (more: string) => `retry_policy: { retry_on: [5xx]${more} }`
    ran = await runScenario(`
upstreams: { failing: { respond: { status: 503 } } }
envoy:
  clusters: { failing: { circuit_breakers: { max_retries: 1000 } } }
  routes:
    - { match: { path: /none }, cluster: failing }
    - { match: { path: /0 }, cluster: failing, ${policy(', num_retries: 0')} }
    - { match: { path: /default }, cluster: failing, ${policy('')} }
    - { match: { path: /4 }, cluster: failing, ${policy(`, num_retries: 4, ${NO_BACK_OFF}`)} }
    - { match: { path: /doubled }, cluster: failing, ${policy(`, num_retries: 3, retry_back_off: { base_interval: ${BASE_MS}ms }`)} }
    - { match: { path: /capped }, cluster: failing, ${policy(`, num_retries: 3, retry_back_off: { base_interval: ${BASE_MS}ms, max_interval: ${CAP_MS}ms }`)} }
    - { match: { path: /plain }, cluster: failing, ${policy(', num_retries: 3')} }
load:
  rate: 200/s
  requests: [{ GET: /none }, { GET: "/0" }, { GET: /default }, { GET: "/4" }, { GET: /doubled, weight: 5 }, { GET: /capped, weight: 5 }, { GET: /plain, weight: 5 }]
phases: [{ name: all, for: 2s }]
`)
  })

  test.each([
    ['/none', 1],
    ['/0', 1],
    ['/default', 2],
    ['/4', 5],
    ['/plain', 4],
  ])('%s makes %i attempts', (path, attempts) => {
    expect(to(ran, path).length).toBeGreaterThan(0)
    for (const record of to(ran, path)) expect(record.attempts.length).toBe(attempts)
  })

  // The n-th wait is uniform in [0, bound): its median lies within bound/2 ± 5.3 standard errors (bound / (2 √n)) in all but one of
  // ten million runs. So wide that a bound half as high might pass, which the longest waits tell: of 100, fewer than 6 are in the
  // highest quarter once in ten million runs, too.
  describe.each([
    ['/doubled', [BASE_MS, 2 * BASE_MS, 4 * BASE_MS]],
    ['/capped', [BASE_MS, CAP_MS, CAP_MS]],
    // The defaults: 25 ms, doubled up to ten times that.
    ['/plain', [25, 50, 100]],
  ])('%s', (path, bounds) => {
    test.each(bounds.map((bound, i) => [i + 1, bound] as const))('wait %i is drawn evenly from 0 to %i ms', (n, bound) => {
      const waits = to(ran, path)
        .map((record) => gapsBetween(record.attempts)[n - 1] as number)
        .toSorted((a, b) => a - b)
      expect(waits.length).toBeGreaterThan(95)
      const median = waits[Math.floor(waits.length / 2)] as number
      const error = (5.3 * bound) / (2 * Math.sqrt(waits.length))
      expect(median).toBeGreaterThan(bound / 2 - error - ROUNDING_MS)
      expect(median).toBeLessThan(bound / 2 + error + OVERHEAD_MS)
      expect(waits.filter((wait) => wait > 0.75 * bound).length).toBeGreaterThan(5)
      // A busy machine stretches some, but a bound that is not kept would show in many: uniform up to 2 × bound, in half of them.
      const beyond = waits.filter((wait) => wait > bound + OVERHEAD_MS).length
      expect(beyond).toBeLessThan(0.3 * waits.length)
      expect(waits[0]).toBeGreaterThanOrEqual(-ROUNDING_MS)
    })
  })
})

describe('max_retries', () => {
  /**
   * A retry that is granted gives its place back only after the load is over: then the number of those that were granted is
   * the limit, whatever the machine does. Moments compared across Envoy's log would not tell: one turn of its event loop may
   * be stretched by any time between the stamp of an end and that of the next beginning.
   */
  const LOAD_MS = 600
  const HOLD_MS = 4000

  let stand: Stand
  let ran: Ran
  beforeAll(async () => {
    stand = await holdsRetries(HOLD_MS)
    ran = await runScenario(
      `
upstreams: { default: {}, one: {}, none: {} }
envoy:
  clusters: { one: { circuit_breakers: { max_retries: 1 } }, none: { circuit_breakers: { max_retries: 0 } } }
  routes:
    - { match: { path: /default }, cluster: default, retry_policy: &policy { retry_on: [5xx], retry_back_off: { base_interval: 100ms } } }
    - { match: { path: /one }, cluster: one, retry_policy: *policy }
    - { match: { path: /none }, cluster: none, retry_policy: *policy }
load: { rate: 300/s, requests: [{ GET: /default }, { GET: /one }, { GET: /none }] }
phases: [{ name: all, for: ${LOAD_MS}ms }]
`,
      { connectTo: { 'default/1': stand.port, 'one/1': stand.port, 'none/1': stand.port } },
    )
  })
  afterAll(() => stand.close())

  test.each([
    ['default', 3],
    ['one', 1],
    ['none', 0],
  ])('%s lets %i retries wait or run at once, and suppresses the others', (cluster, limit) => {
    const records = to(ran, `/${cluster}`)
    const retried = records.filter((record) => record.attempts.length === 2)
    const suppressed = records.filter((record) => record.attempts.length === 1)
    expect(suppressed.length).toBeGreaterThan(0)
    expect(suppressed.length + retried.length).toBe(records.length)
    expect(retried.length).toBe(limit)
    expect(clusterStat(ran, cluster, 'upstream_rq_retry')).toBe(retried.length)
    expect(clusterStat(ran, cluster, 'upstream_rq_retry_overflow')).toBe(suppressed.length)
    expect(suppressed.map(suppressionsOf)).toEqual(suppressed.map(() => 1))
    expect(retried.map(suppressionsOf)).toEqual(retried.map(() => 0))
  })

  test('a suppressed retry is an answer of the upstream, not a refusal of a breaker', () => {
    for (const record of ran.records.filter(({ attempts }) => attempts.length === 1)) {
      expect(record).toMatchObject({
        status: 503,
        egress: { flags: ['UO'], details: 'via_upstream', rejectedBy: null, retrySuppressedBy: 'max_retries' },
      })
      expect(record.attempts[0]).toMatchObject({ status: 503 })
    }
  })
})
