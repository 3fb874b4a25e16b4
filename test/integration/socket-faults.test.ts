import { beforeAll, describe, expect, test } from 'vitest'
import type { Attempt } from '../../src/observe/record.ts'
import { tellRequest } from '../../src/report/story.ts'
import { compatibleShare } from '../../src/statistics/compatible.ts'
import { causeOf } from '../../src/verdict/cause.ts'
import { attemptsOf, evidence, MACHINE_LAG_MS, met } from '../helpers/fault-evidence.ts'
import { observeSpoilt, type Ran, runScenario, type StraightRecord, to } from '../helpers/scenario.ts'

/** Faults of the connection that Envoy's egress has to a replica: its policy sees them as what they are. */

/** Envoy's timers come up to some ms early. */
const EARLY_MS = 15
const CONNECT_MS = 60

const of = (ran: Ran, path: string, phase: number) => to(ran, path).filter((record) => record.phase === phase && !record.edge)

function expectUntouched(ran: Ran, phase: number) {
  const all = ran.records.filter((record) => record.phase === phase && !record.edge)
  // Up to connect_timeout later Envoy lets some wait for connections that were begun before, and fail with them.
  const records = all.filter(({ stray }) => !stray)
  expect(all.length - records.length).toBeLessThanOrEqual(3)
  expect(records.length).toBeGreaterThan(20)
  for (const record of records) expect(record).toMatchObject({ status: 200, attempts: [{ hop: { faults: [] } }] })
}

describe('reset', () => {
  const RESET = 'upstream_reset_before_response_started{connection_termination}'
  let ran: Ran
  beforeAll(async () => {
    ran = await runScenario(`
upstreams: { half: { respond: { body: "${'0123456789'.repeat(8)}" } }, fifth: {}, again: {}, gateway: {}, connecting: {}, bodies: {} }
envoy:
  clusters: { again: { circuit_breakers: { max_retries: 50 } }, gateway: { circuit_breakers: { max_retries: 50 } } }
  routes:
    - { match: { path: /half }, cluster: half }
    - { match: { path: /fifth }, cluster: fifth }
    - { match: { path: /again }, cluster: again, retry_policy: { retry_on: [reset], num_retries: 1 } }
    - { match: { path: /gateway }, cluster: gateway, retry_policy: { retry_on: [gateway-error], num_retries: 1 } }
    - { match: { path: /connecting }, cluster: connecting, retry_policy: { retry_on: [connect-failure, reset-before-request], num_retries: 1 } }
    - { match: { path: /bodies }, cluster: bodies }
load:
  rate: 240/s
  requests:
    - { GET: /half, weight: 2 }
    - { GET: /fifth }
    - { GET: /again }
    - { GET: /gateway }
    - { GET: /connecting }
    - { POST: /bodies, body: "${'y'.repeat(100_000)}", headers: { x-chaos-reset: a } }
phases:
  - { name: calm, for: 500ms }
  - name: cut
    for: 2s
    faults:
      - { cluster: half, reset: true, percent: 50 }
      - { cluster: fifth, reset: true, every: 5 }
      - { cluster: again, reset: true, when: { attempt: 1 } }
      - { cluster: gateway, reset: true, when: { attempt: 1 } }
      - { cluster: connecting, reset: true, when: { attempt: 1 } }
      - { cluster: bodies, reset: true, percent: 50 }
  - { name: after, for: 500ms }
`)
  })

  test('it is met as often as asked, by the hop, the counter of its route, the stub and the flag of the egress side', () => {
    for (const [id, percent] of [
      ['cut-1', 50],
      ['cut-3', 100],
      ['cut-4', 100],
      ['cut-5', 100],
      ['cut-6', 50],
    ] as const) {
      const fault = evidence(ran.observations, id)
      expect(compatibleShare(fault.met, fault.matched, percent / 100), `${id}: ${fault.met} of ${fault.matched}`).toBe(true)
      expect(fault).toMatchObject({ inferred: fault.met, doubt: null })
    }
  })

  test('those are met that were chosen before the run', () => expect(evidence(ran.observations, 'cut-2')).toMatchObject({ doubt: null }))

  test('Envoy sees its connection end without an answer, and nobody else is touched', () => {
    for (const [path, id] of [
      ['/half', 'cut-1'],
      ['/bodies', 'cut-6'],
    ] as const) {
      const attempts = of(ran, path, 1).flatMap((record) => record.attempts.map((attempt) => ({ attempt, record })))
      expect(attempts.filter(({ attempt }) => met(attempt, id)).length).toBeGreaterThan(5)
      for (const { attempt, record } of attempts) {
        if (met(attempt, id)) {
          expect(attempt).toMatchObject({ status: 0, flags: ['UC'], cutBy: null, stub: { fault: id, answered: null } })
          expect(record).toMatchObject({ status: 503, egress: { flags: ['UC'], details: RESET } })
          expect(causeOf(record)).toBe(`503 connection reset by fault ${id}`)
          expect(tellRequest(record, ran.plan).join('\n')).toContain('its connection was reset in place of an answer')
        } else expect(record).toMatchObject({ status: 200, attempts: [{ status: 200 }] })
      }
    }
  })

  test.each([
    ['/again', 200, 2],
    ['/gateway', 200, 2],
    ['/connecting', 503, 1],
  ])('%s: it is tried again where retry_on is about a reset: %i after %i', (path, status, tries) => {
    const records = of(ran, path, 1)
    expect(records.length).toBeGreaterThan(20)
    for (const record of records) {
      expect(record.status).toBe(status)
      expect(record.attempts).toHaveLength(tries)
    }
  })

  test('it begins and ends with its phase', () => {
    expectUntouched(ran, 0)
    expectUntouched(ran, 2)
  })

  test('no source contradicts another', () => expect(ran.observations.unsound).toEqual([]))

  test('without the word of the stub it is doubted', () => {
    const silent = ran.logs.journal.replaceAll(',"fault":"cut-1"', '')
    const faults = observeSpoilt(ran, { journal: silent }).faults
    expect(faults.find(({ id }) => id === 'cut-1')?.doubt).toContain('the sources disagree on reset on half')
  })
})

describe('refuse, unreachable and down', () => {
  let ran: Ran
  beforeAll(async () => {
    const previous = 'retry_host_predicate: [previous_hosts], host_selection_retry_max_attempts: 20'
    ran = await runScenario(`
upstreams:
  refused: { replicas: 2, latency: 5ms }
  wrong: {}
  far: { replicas: 2 }
  dies: { replicas: 2, latency: 40ms }
envoy:
  clusters:
    refused: { circuit_breakers: { max_retries: 50 } }
    far: { connect_timeout: ${CONNECT_MS}ms, circuit_breakers: { max_retries: 50 } }
  routes:
    - { match: { path: /refused }, cluster: refused, retry_policy: { retry_on: [connect-failure], ${previous} } }
    - { match: { path: /wrong }, cluster: wrong, retry_policy: { retry_on: [retriable-4xx] } }
    - { match: { path: /far }, cluster: far, retry_policy: { retry_on: [connect-failure], ${previous} } }
    - { match: { path: /dies }, cluster: dies }
load: { rate: 240/s, requests: [{ GET: /refused }, { GET: /wrong }, { GET: /far, weight: 0.3 }, { GET: /dies }] }
phases:
  - { name: calm, for: 1s }
  - name: cut
    for: 2s
    faults:
      - { cluster: refused, replica: 2, refuse: true }
      - { cluster: wrong, refuse: true }
      - { cluster: far, replica: 2, unreachable: true }
      - { cluster: dies, replica: 1, down: { after: 500ms, for: 800ms } }
  - { name: after, for: 1s }
`)
  })

  const IDS = ['cut-1', 'cut-2', 'cut-3', 'cut-4']

  test('all attempts met them that came while they were in force, by the log of the egress side, its counter, and the silence of the hops', () => {
    expect(ran.observations.unsound).toEqual([])
    for (const id of IDS) {
      const fault = evidence(ran.observations, id)
      expect(fault, id).toMatchObject({ doubt: null, matched: fault.met, inferred: fault.met })
      expect(fault.met).toBeGreaterThan(10)
      expect(fault.counted).toBeGreaterThan(0)
    }
  })

  test('refused at once, on a replica whose connections were warm, and tried again under connect-failure', () => {
    const warm = attemptsOf(of(ran, '/refused', 0)).filter(({ replica, poolMs }) => replica === 2 && poolMs === 0)
    expect(warm.length).toBeGreaterThan(5)
    const hit = of(ran, '/refused', 1).filter(({ attempts }) => attempts[0]?.replica === 2)
    expect(hit.length).toBeGreaterThan(20)
    for (const record of hit) {
      expect(record.attempts).toMatchObject([
        { replica: 2, status: 0, flags: ['UF'], cutBy: null, hop: null, stub: null, door: 'cut-1' },
        { replica: 1, status: 200 },
      ])
      expect(record.status).toBe(200)
    }
    expect(tellRequest(hit[0] as StraightRecord, ran.plan).join('\n')).toContain('met refuse (cut-1); nobody behind the door heard of it')
  })

  test('not tried again under a retry_on that is about answers, and the cause names the fault', () => {
    for (const record of of(ran, '/wrong', 1)) {
      expect(record).toMatchObject({
        status: 503,
        attempts: [{ door: 'cut-2' }],
        egress: { details: expect.stringContaining('remote_connection_failure|delayed_connect_error:_Connection_refused') },
      })
      expect(causeOf(record)).toBe('503 connection refused by fault cut-2')
    }
  })

  test('unreachable: connect_timeout cuts it', () => {
    const hit = of(ran, '/far', 1).filter(({ attempts }) => attempts[0]?.replica === 2)
    expect(hit.length).toBeGreaterThan(10)
    for (const record of hit) {
      expect(record.attempts).toMatchObject([
        { replica: 2, flags: ['UF'], cutBy: 'connect', hop: null, door: 'cut-3' },
        { replica: 1, status: 200 },
      ])
    }
    const first = hit[0]?.attempts[0]?.durationMs
    expect(first).toBeGreaterThan(CONNECT_MS - EARLY_MS)
    expect(first).toBeLessThan(CONNECT_MS + MACHINE_LAG_MS)
  })

  test('down: what was in flight is reset, what comes is refused, and it returns within the phase', () => {
    const [from, back] = [1500, 2300]
    const attempts = attemptsOf(of(ran, '/dies', 1)).filter(({ replica }) => replica === 1)
    const flagsOf = (some: readonly Attempt[]) => new Set(some.map(({ flags, door }) => `${flags} ${door}`))
    const cut = attempts.filter(({ flags }) => flags.includes('UC'))
    // 30/s of 40 ms each at this replica: 1.2 at a time.
    expect(cut.length).toBeLessThan(10)
    expect(flagsOf(cut)).toEqual(cut.length === 0 ? new Set() : new Set(['UC cut-4']))
    // An answer that the hop was done with, and that was still on its way through the door, is reset like what is not answered yet.
    const isUnanswered = ({ hop }: Attempt) => hop?.status === 0 && String(hop.flags) === 'DC'
    const endAtHop = ({ hop }: Attempt) => (hop === null ? Number.NaN : hop.start + hop.durationMs)
    for (const attempt of cut.filter((attempt) => !isUnanswered(attempt))) {
      expect(attempt.hop).toMatchObject({ status: 200, flags: [] })
      expect(endAtHop(attempt)).toBeGreaterThan(from - MACHINE_LAG_MS)
      expect(endAtHop(attempt)).toBeLessThan(from + MACHINE_LAG_MS)
    }
    const between = (low: number, high: number) => attempts.filter(({ start }) => start > low && start < high)
    expect(flagsOf(between(from + MACHINE_LAG_MS, back - EARLY_MS))).toEqual(new Set(['UF cut-4']))
    expect(flagsOf(between(0, from - 40 - EARLY_MS))).toEqual(new Set([' undefined']))
    expect(flagsOf(between(back + MACHINE_LAG_MS, 10_000))).toEqual(new Set([' undefined']))
    expect(between(back + MACHINE_LAG_MS, 10_000).length).toBeGreaterThan(5)
  })

  test('its real times are kept: so long after the start, and for so long', () => {
    const [report] = (ran.conducted.phases[1]?.doors ?? []).filter(({ fault }) => fault === 'cut-4')
    const from = (report?.from as number) - ran.conducted.client.startedAt
    expect(from).toBeGreaterThan(1500 - EARLY_MS)
    expect(from).toBeLessThan(1500 + MACHINE_LAG_MS)
    expect((report?.to as number) - (report?.from as number)).toBeGreaterThan(800 - EARLY_MS)
    expect((report?.to as number) - (report?.from as number)).toBeLessThan(800 + MACHINE_LAG_MS)
  })

  test('they begin and end with their phase', () => {
    expectUntouched(ran, 0)
    expectUntouched(ran, 2)
  })

  test('without the flag of Envoy nobody was refused, and that is doubted', () => {
    const quiet = ran.logs.attempts.replaceAll('"flags":"UF"', '"flags":"-"')
    for (const { doubt } of observeSpoilt(ran, { attempts: quiet }).faults.filter(({ id }) => id === 'cut-1' || id === 'cut-2'))
      expect(doubt).toContain('none met it')
  })
})

describe('at the edges of the phase, and under other limits', () => {
  let ran: Ran
  beforeAll(async () => {
    // In flight at the start of the second phase: 10/s of 150 ms each at either, 1 or 2.
    ran = await runScenario(`
upstreams: { drains: { latency: 150ms }, dies: { latency: 150ms }, waits: {} }
envoy:
  routes:
    - { match: { path: /drains }, cluster: drains }
    - { match: { path: /dies }, cluster: dies }
    # connect_timeout is 5 s, by default.
    - { match: { path: /waits }, cluster: waits, timeout: 200ms }
load: { rate: 30/s, requests: [{ GET: /drains }, { GET: /dies }, { GET: /waits }] }
phases:
  - { name: calm, for: 1.05s }
  - name: cut
    for: 1s
    faults: [{ cluster: drains, refuse: true }, { cluster: dies, down: true }, { cluster: waits, unreachable: true }]
`)
  })

  test('refuse lets what is in flight end', () => {
    const records = to(ran, '/drains').filter(({ phase }) => phase === 0)
    expect(records.filter(({ edge }) => edge).length).toBeGreaterThan(0)
    for (const record of records) expect(record).toMatchObject({ status: 200, stray: false })
    for (const record of to(ran, '/drains').filter(({ phase }) => phase === 1)) expect(record.attempts).toMatchObject([{ door: 'cut-1' }])
  })

  test('down hits what is in flight, which its own phase leaves out', () => {
    const hit = to(ran, '/dies').filter(({ phase, stray }) => phase === 0 && stray)
    expect(hit.length).toBeGreaterThan(0)
    for (const record of hit) expect(record).toMatchObject({ status: 503, edge: true, attempts: [{ flags: ['UC'], door: 'cut-2' }] })
    for (const record of to(ran, '/dies').filter(({ phase, stray }) => phase === 0 && !stray)) expect(record.status).toBe(200)
    expect(ran.conducted.phases[1]?.doors?.find(({ fault }) => fault === 'cut-2')?.cut).toBe(hit.length)
  })

  test('unreachable where another limit comes first: met, although Envoy names no replica', () => {
    // What waits at the end gets through then.
    const records = of(ran, '/waits', 1)
    expect(records.length).toBeGreaterThan(3)
    for (const record of records) expect(record).toMatchObject({ status: 504, attempts: [{ cutBy: 'route', hop: null, door: 'cut-3' }] })
  })

  test('all of it is believed', () => {
    expect(ran.observations.unsound).toEqual([])
    for (const id of ['cut-1', 'cut-2', 'cut-3']) expect(evidence(ran.observations, id), id).toMatchObject({ doubt: null })
  })
})
