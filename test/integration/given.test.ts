import { beforeAll, describe, expect, test } from 'vitest'
import { attemptsOf } from '../../src/observe/record.ts'
import type { Given } from '../../src/scenario/given-schema.ts'
import { select } from '../../src/verdict/select.ts'
import { judgedCalmly, type Ran, runScenario, to } from '../helpers/scenario.ts'

/** One cluster for each thing that may happen, with the policy that makes it happen; all of them in one run. */
const SCENARIO = `
upstreams:
  calm: { latency: 2ms }
  aborting: { latency: 2ms }
  delayed: { latency: 2ms }
  slow: { latency: 2ms }
  slower: { latency: 2ms }
  full: { latency: 40ms }
  queueing: { latency: 40ms }
  failing: { latency: 2ms }
  sick: { latency: 2ms, replicas: 2 }
envoy:
  clusters:
    aborting: { circuit_breakers: { max_retries: 100 } }
    slow: { circuit_breakers: { max_retries: 100 } }
    full: { circuit_breakers: { max_requests: 1 } }
    queueing: { circuit_breakers: { max_connections: 1, max_pending_requests: 1 } }
    failing: { circuit_breakers: { max_retries: 1 } }
    sick: { outlier_detection: { consecutive_5xx: 3, interval: 200ms, base_ejection_time: 600ms, max_ejection_percent: 50 } }
  routes:
    - { match: { prefix: /calm }, cluster: calm }
    - { match: { prefix: /aborting }, cluster: aborting, retry_policy: { retry_on: [5xx], num_retries: 2, retry_back_off: { base_interval: 1ms } } }
    - { match: { prefix: /delayed }, cluster: delayed }
    - { match: { prefix: /slower }, cluster: slower, timeout: 60ms }
    - { match: { prefix: /slow }, cluster: slow, timeout: 1s, retry_policy: { retry_on: [5xx], num_retries: 1, per_try_timeout: 60ms, retry_back_off: { base_interval: 1ms } } }
    - { match: { prefix: /full }, cluster: full }
    - { match: { prefix: /queueing }, cluster: queueing }
    - { match: { prefix: /failing }, cluster: failing, retry_policy: { retry_on: [5xx], num_retries: 1, retry_back_off: { base_interval: 200ms } } }
    - { match: { prefix: /sick }, cluster: sick }
load:
  rate: 360/s
  requests: [${['calm', 'aborting', 'delayed', 'slow', 'slower', 'full', 'queueing', 'failing', 'sick'].map((name) => `{ GET: "/${name}?x=1" }`).join(', ')}]
phases:
  - { name: before, for: 300ms }
  - name: faulty
    for: 2s
    faults:
      - { cluster: aborting, abort: 503, percent: 50 }
      - { cluster: delayed, delay: 50ms, percent: 50 }
      - { cluster: slow, delay: 200ms, percent: 50 }
      - { cluster: slower, delay: 200ms, percent: 50 }
      - { cluster: failing, abort: 503 }
      - { cluster: sick, replica: 2, abort: 503 }
  - { name: after, for: 1s }
expect:
  - { name: abort, phase: faulty, given: { fault: abort, path: /failing }, status: 503, attempts: "<= 2" }
  - { name: refuted, phase: faulty, given: { timeout: route }, status: 200, latency: "<= 55ms", body: { lacks: timeout } }
  - { name: per_try on both tries, phase: faulty, given: { timeout: per_try, attempts: 2, path: { prefix: /slow } }, latency: ">= 55ms" }
  - { name: route, phase: faulty, given: { timeout: route }, status: 504, body: { equals: upstream request timeout }, attempts: 1, latency: ">= 55ms" }
  - { name: max_requests, phase: faulty, given: { rejection: max_requests }, status: 503, headers: { x-envoy-overloaded: "true" }, body: { contains: overflow } }
  - { name: max_pending, phase: faulty, given: { rejection: max_pending_requests }, status: 503, attempts: 0 }
  - { name: suppressed, phase: faulty, given: { suppressed: max_retries }, status: 503, attempts: 1, body: { equals: fault filter abort } }
  - { name: retried, phase: faulty, given: { retried: true, timeout: none }, attempts: ">= 2", body: { stack_trace: false } }
  - { name: ejection, phase: faulty, given: { ejection: any }, status: 200 }
  - { name: nothing, given: { none: true }, status: 200, attempts: 1, timeouts: 0, breaker_rejections: 0 }
  - { name: calm, given: { path: { matches: "^/c.lm$" } }, status: 200, body: { equals: "" } }
`

/** The outcomes of a run, by claim and metric. */
const statuses = (ran: Ran) => judgedCalmly(ran).map(({ title, metric, status, why }) => [title, metric, status, why])

const chosen = ({ plan, observations }: Ran, given: Given) => [...select({ given, phase: 'faulty' }, plan, observations, false).records]
const paths = (ran: Ran, given: Given) => new Set(chosen(ran, given).map(({ request }) => ran.plan.requests[request]?.path.split('?')[0]))

describe('straight to Envoy', () => {
  let ran: Ran
  beforeAll(async () => {
    ran = await runScenario(SCENARIO)
  }, 60_000)

  test('the sources agree', () => expect(ran.observations.unsound).toEqual([]))

  test.each<[given: Given, from: string[]]>([
    [{ fault: 'abort' }, ['/aborting', '/failing', '/sick']],
    [{ fault: 'delay' }, ['/delayed', '/slow', '/slower']],
    [{ timeout: 'per_try' }, ['/slow']],
    [{ timeout: 'route' }, ['/slower']],
    [{ timeout: 'any' }, ['/slow', '/slower']],
    [{ rejection: 'max_requests' }, ['/full']],
    [{ rejection: 'max_pending_requests' }, ['/queueing']],
    [{ suppressed: 'max_retries' }, ['/failing']],
    [{ retried: true }, ['/aborting', '/failing', '/slow']],
    [{ ejection: 'any' }, ['/sick']],
    // A delay of 200 ms behind a limit of 60 ms is always cut.
    [{ fault: 'delay', timeout: 'none' }, ['/delayed']],
  ])('%j happened to some of those, and to no others', (given, from) => {
    expect([...paths(ran, given)].sort()).toEqual(from)
    expect(chosen(ran, given).length).toBeGreaterThan(4)
  })

  test('what the client and the stubs saw bears out what Envoy logged', () => {
    for (const { status, end, due } of chosen(ran, { timeout: 'route' })) expect([status, (end as number) - due > 55]).toEqual([504, true])
    for (const { status } of chosen(ran, { rejection: 'any' })) expect(status).toBe(503)
    for (const record of chosen(ran, { fault: 'abort', retried: false })) expect(attemptsOf(record)[0]?.stub).toBe(null)
    for (const record of chosen(ran, { retried: true })) expect(attemptsOf(record).length).toBeGreaterThan(1)
    // While its sick host is out, all that comes to the cluster goes to the other one.
    for (const record of chosen(ran, { ejection: 'any' })) expect(attemptsOf(record).map(({ replica }) => replica)).toEqual([1])
    expect(to(ran, '/sick?x=1').filter(({ status }) => status === 503).length).toBeGreaterThanOrEqual(3)
  })

  test('a host is out from the failure that ejects it to a sweep after base_ejection_time', () => {
    const [first] = ran.observations.ejections
    expect(first?.cluster).toBe('sick')
    const lasted = (first?.to ?? 0) - (first?.from ?? 0)
    // 600 ms, and then up to the next sweep, which a busy machine may make late.
    expect(lasted).toBeGreaterThanOrEqual(595)
    expect(lasted).toBeLessThan(600 + 200 + 250)
    expect(ran.observations.ejections.length).toBe(ran.stat('cluster.sick.outlier_detection.ejections_enforced_total'))
  })

  test('claims on what was selected are decided', () => {
    const found = statuses(ran)
    expect(found.filter(([title, , status]) => status !== (title === 'refuted' ? 'fail' : 'pass'))).toEqual([])
    expect(found.filter(([title]) => title === 'refuted')).toHaveLength(3)
  })
})

describe('through an app', () => {
  const shop = (forward: string) => `
upstreams: { inventory: { latency: 2ms, respond: { json: { stock: 3 } } } }
app: { command: [node, test/fixtures/apps/shop.mjs, --fallback${forward}] }
envoy: { routes: [{ match: { prefix: / }, cluster: inventory, timeout: 60ms }] }
load: { rate: 100/s, requests: [{ GET: /items/42 }] }
phases: [{ name: only, for: 1500ms, faults: [{ cluster: inventory, delay: 200ms, percent: 50 }] }]
expect:
  - { name: cut, given: { timeout: route }, status: 200, body: { contains: perhaps }, latency: ">= 55ms" }
  - { name: uncut, given: { timeout: none, fault: none }, status: 200, body: { json: { stock: 3 } } }
  - { name: all, status: 200, body: { lacks: error } }
`
  test('an app that forwards the request id: what it made of a cut call is told from the rest', async () => {
    const ran = await runScenario(shop(', --forward, x-request-id'))
    expect(statuses(ran).filter(([, , status]) => status !== 'pass')).toEqual([])
    expect(statuses(ran)).toHaveLength(7)
  })

  test('one that does not: what happened is not known, what the caller got is', async () => {
    const ran = await runScenario(shop(''))
    const found = statuses(ran)
    for (const [title, , status, why] of found.filter(([title]) => title !== 'all')) {
      expect([title, status]).toEqual([title, 'inconclusive'])
      expect(why).toContain('x-request-id')
    }
    expect(found.filter(([title]) => title === 'all').map(([, , status]) => status)).toEqual(['pass', 'pass'])
  })
})
