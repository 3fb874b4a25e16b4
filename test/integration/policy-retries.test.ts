import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectDrawn } from '../helpers/chance.ts'
import { clusterStat, gapsBetween, type Ran, runScenario, to } from '../helpers/scenario.ts'
import { holdsRetries, type Stand } from '../helpers/sockets.ts'

const NO_BACK_OFF = 'retry_back_off: { base_interval: 1ms }'
const MANY = 'circuit_breakers: { max_retries: 1000 }'

describe('what is tried again', () => {
  let ran: Ran
  beforeAll(async () => {
    const policy = (more: string) => `retry_policy: { ${NO_BACK_OFF}, ${more} }`
    ran = await runScenario(`
upstreams:
  teapot: { respond: { status: 418 } }
  marked: { respond: { headers: { x-again: "yes" } } }
envoy:
  clusters: { teapot: { ${MANY} }, marked: { ${MANY} } }
  routes:
    - { match: { path: /listed }, cluster: teapot, ${policy('retry_on: [retriable-status-codes], retriable_status_codes: [429, 418]')} }
    - { match: { path: /unlisted }, cluster: teapot, ${policy('retry_on: [retriable-status-codes], retriable_status_codes: [429]')} }
    - { match: { path: /idle-codes }, cluster: teapot, ${policy('retry_on: [5xx], retriable_status_codes: [418]')} }
    - { match: { path: /no-codes }, cluster: teapot, ${policy('retry_on: [retriable-status-codes]')} }
    - { match: { path: /header }, cluster: marked, ${policy('retry_on: [retriable-headers], retriable_headers: { x-other: a, x-again: "yes" }')} }
    - { match: { path: /other-value }, cluster: marked, ${policy('retry_on: [retriable-headers], retriable_headers: { x-again: "no" }')} }
    - { match: { path: /idle-header }, cluster: marked, ${policy('retry_on: [5xx], retriable_headers: { x-again: "yes" }')} }
load:
  rate: 200/s
  requests: [${['/listed', '/unlisted', '/idle-codes', '/no-codes', '/header', '/other-value', '/idle-header'].map((path) => `{ GET: ${path} }`).join(', ')}]
phases: [{ name: all, for: 500ms }]
`)
  })

  test.each([
    ['/listed', 418, 2],
    ['/unlisted', 418, 1],
    ['/idle-codes', 418, 1],
    ['/no-codes', 418, 1],
    // Any of the headers is enough, and an answer may be a 200.
    ['/header', 200, 2],
    ['/other-value', 200, 1],
    ['/idle-header', 200, 1],
  ])('%s: %i, %i attempts', (path, status, attempts) => {
    expect(to(ran, path).length).toBeGreaterThan(0)
    for (const record of to(ran, path)) expect([record.status, record.attempts.length]).toEqual([status, attempts])
  })

  test('no source contradicts another', () => expect(ran.observations.unsound).toEqual([]))
})

describe('retry_host_predicate: of two replicas, drawn at random, one always fails', () => {
  let ran: Ran
  beforeAll(async () => {
    const policy = (more: string) => `retry_policy: { retry_on: [5xx], num_retries: 1, ${NO_BACK_OFF}${more} }`
    ran = await runScenario(`
upstreams: { pair: { replicas: 2 } }
envoy:
  clusters: { pair: { lb_policy: RANDOM, ${MANY} } }
  routes:
    - { match: { path: /any }, cluster: pair, ${policy('')} }
    - { match: { path: /once }, cluster: pair, ${policy(', retry_host_predicate: [previous_hosts]')} }
    - { match: { path: /often }, cluster: pair, ${policy(', retry_host_predicate: [previous_hosts], host_selection_retry_max_attempts: 40')} }
load: { rate: 600/s, requests: [{ GET: /any }, { GET: /once }, { GET: /often }] }
phases: [{ name: all, for: 3s, faults: [{ cluster: pair, abort: 503, replica: 2 }] }]
`)
  })

  /** Of the requests whose first try failed, how many met the same replica again. */
  const again = (path: string) => {
    const retried = to(ran, path).filter((record) => record.attempts.length === 2)
    return { n: retried.length, same: retried.filter((record) => record.attempts[1]?.replica === 2).length }
  }

  // With one more draw allowed, it is the same replica when both draws were; with 40 more, of 300 retries once in 7e9 runs one is.
  test.each([
    ['/any', 1 / 2],
    ['/once', 1 / 4],
    ['/often', 0],
  ])('%s: %d of the retries meet it again', (path, expected) => {
    const { n, same } = again(path)
    expect(n).toBeGreaterThan(200)
    if (expected === 0) expect(same).toBe(0)
    else expectDrawn(same, n, expected)
  })

  test('which is what the callers see of it', () => {
    for (const record of to(ran, '/often')) expect(record.status).toBe(200)
    expect(to(ran, '/any').filter((record) => record.status === 503).length).toBeGreaterThan(50)
  })
})

describe('rate_limited_retry_back_off', () => {
  /** What two shared cores may add to any wait. */
  const MACHINE_LAG_MS = 150
  /** The logs cut fractions of a millisecond off; Envoy's timers come up to some ms early. */
  const EARLY_MS = 15
  const DEFAULT_BASE_MS = 25
  /** Epoch seconds, some time after the load. */
  let until: number
  let ran: Ran
  beforeAll(async () => {
    until = Math.ceil(Date.now() / 1000) + 4
    const limited = (more: string) => `rate_limited_retry_back_off: { ${more} }`
    const policy = (more: string) =>
      `timeout: 0s, retry_policy: { retry_on: [retriable-status-codes], retriable_status_codes: [429], num_retries: 1${more === '' ? '' : `, ${limited(more)}`} }`
    ran = await runScenario(`
upstreams:
  busy: { respond: { status: 429, headers: { retry-after: "1", x-until: "${until}" } } }
envoy:
  clusters: { busy: { ${MANY} } }
  routes:
    - { match: { path: /not-asked }, cluster: busy, ${policy('')} }
    - { match: { path: /seconds }, cluster: busy, ${policy('reset_headers: [{ name: x-missing }, { name: retry-after, format: SECONDS }]')} }
    - { match: { path: /timestamp }, cluster: busy, ${policy('reset_headers: [{ name: x-until, format: UNIX_TIMESTAMP }]')} }
    - { match: { path: /too-long }, cluster: busy, ${policy('reset_headers: [{ name: retry-after }], max_interval: 500ms')} }
    - { match: { path: /missing }, cluster: busy, ${policy('reset_headers: [{ name: x-missing }]')} }
load:
  rate: 100/s
  deadline: 10s
  requests: [${['/not-asked', '/seconds', '/timestamp', '/too-long', '/missing'].map((path) => `{ GET: ${path} }`).join(', ')}]
phases: [{ name: all, for: 500ms }]
`)
  })

  const waits = (path: string) => {
    const found = to(ran, path).map((record) => gapsBetween(record.attempts)[0] as number)
    expect(found.length).toBeGreaterThan(0)
    return found
  }

  test('waits for what the answer asks, and up to half of it more', () => {
    for (const wait of waits('/seconds')) {
      expect(wait).toBeGreaterThan(1000 - EARLY_MS)
      expect(wait).toBeLessThan(1500 + MACHINE_LAG_MS)
    }
    expect(clusterStat(ran, 'busy', 'upstream_rq_retry_backoff_ratelimited')).toBe(
      to(ran, '/seconds').length + to(ran, '/timestamp').length,
    )
  })

  test('or until when it says', () => {
    for (const wait of waits('/timestamp')) expect(wait).toBeGreaterThan(DEFAULT_BASE_MS + MACHINE_LAG_MS)
    for (const record of to(ran, '/timestamp')) {
      const retried = record.attempts[1]?.stub?.arrived ?? 0
      expect(retried + ran.conducted.client.startedAt).toBeGreaterThan(until * 1000 - EARLY_MS)
    }
  })

  test.each(['/not-asked', '/too-long', '/missing'])('%s: as ever, at most base_interval', (path) => {
    for (const wait of waits(path)) expect(wait).toBeLessThan(DEFAULT_BASE_MS + MACHINE_LAG_MS)
  })
})

describe('retry_budget', () => {
  /** Retries that are granted, and the requests of `meanwhile`, keep their places until the load is over: what is granted is the limit. */
  const LOAD_MS = 600
  const HOLD_MS = 4000
  const HELD = 20
  /** First tries that may be in flight beside them: what comes to one cluster (60/s) while a busy machine stands still for 250 ms. */
  const FIRST_TRIES = 15

  let stand: Stand
  let ran: Ran
  beforeAll(async () => {
    stand = await holdsRetries(HOLD_MS)
    const names = ['least', 'default', 'half', 'quarter', 'beside']
    const budget = (more: string) => `circuit_breakers: { retry_budget: { ${more} } }`
    ran = await runScenario(
      `
upstreams: { ${names.map((name) => `${name}: {}`).join(', ')} }
envoy:
  clusters:
    least: { ${budget('budget_percent: { value: 0 }, min_retry_concurrency: 5')} }
    default: { ${budget('')} }
    half: { ${budget('budget_percent: { value: 50 }, min_retry_concurrency: 0')} }
    quarter: { ${budget('budget_percent: { value: 25 }, min_retry_concurrency: 0')} }
    beside: { circuit_breakers: { max_retries: 1, retry_budget: { budget_percent: { value: 0 }, min_retry_concurrency: 4 } } }
  routes:
${names.map((name) => `    - { match: { prefix: /${name} }, cluster: ${name}, retry_policy: { retry_on: [5xx], num_retries: 1, ${NO_BACK_OFF} } }`).join('\n')}
load: { rate: 300/s, requests: [${names.map((name) => `{ GET: /${name} }`).join(', ')}] }
phases: [{ name: all, for: ${LOAD_MS}ms }]
`,
      {
        connectTo: Object.fromEntries(names.map((name) => [`${name}/1`, stand.port])),
        async meanwhile({ entrance }) {
          const held = ['half', 'quarter'].flatMap((name) =>
            Array.from({ length: HELD }, () => fetch(`http://127.0.0.1:${entrance.port}/${name}/held`).then((answer) => answer.text())),
          )
          await Promise.all(held)
        },
      },
    )
  })
  afterAll(() => stand.close())

  const granted = (name: string) => clusterStat(ran, name, 'upstream_rq_retry')

  test('min_retry_concurrency lets so many through, and max_retries beside it says nothing', () => {
    expect(granted('least')).toBe(5)
    expect(granted('beside')).toBe(4)
  })

  // Of r retries, which are requests in flight themselves: r ≤ 20 % × r is never so; 3 are let through.
  test('the default is 20 percent, and 3 at least', () => expect(granted('default')).toBe(3))

  // r retries beside h other requests: r ≤ 1/2 × (h + r) up to h, and r ≤ 1/4 × (h + r) up to h / 3.
  test('budget_percent is a share of what is in flight', () => {
    expect(granted('half')).toBeGreaterThanOrEqual(HELD)
    expect(granted('half')).toBeLessThanOrEqual(HELD + FIRST_TRIES)
    expect(granted('quarter')).toBeGreaterThanOrEqual(Math.floor(HELD / 3))
    expect(granted('quarter')).toBeLessThanOrEqual(Math.ceil((HELD + FIRST_TRIES) / 3))
  })

  test('what is beyond it is suppressed, and counted', () => {
    for (const name of ['least', 'default', 'half', 'quarter', 'beside']) {
      const records = to(ran, `/${name}`)
      const suppressed = records.filter((record) => record.attempts.length === 1)
      expect(suppressed.length).toBe(records.length - granted(name))
      expect(suppressed.length).toBeGreaterThan(0)
      expect(clusterStat(ran, name, 'upstream_rq_retry_overflow')).toBe(suppressed.length)
    }
  })
})
