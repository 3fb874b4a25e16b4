import { beforeAll, describe, expect, test } from 'vitest'
import { tellRequest } from '../../src/report/story.ts'
import { clusterStat, observeSpoilt, type Ran, runScenario, type StraightRecord, to } from '../helpers/scenario.ts'

/** Envoy's timers come up to some ms early, and its logs cut fractions off. */
const EARLY_MS = 15
const TRY_MS = 80
const SLOW_MS = 600

let ran: Ran
beforeAll(async () => {
  const hedge = 'hedge_policy: { hedge_on_per_try_timeout: true }'
  const retry = (more = '') =>
    `retry_policy: { retry_on: [5xx], per_try_timeout: ${TRY_MS}ms, retry_back_off: { base_interval: 1ms }, retry_host_predicate: [previous_hosts], host_selection_retry_max_attempts: 20${more} }`
  ran = await runScenario(`
upstreams:
  tail: { replicas: 2, latency: 5ms }
  waiting: { replicas: 2, latency: 5ms }
  slow: { latency: ${SLOW_MS}ms }
  full: { latency: ${SLOW_MS}ms }
envoy:
  clusters:
    tail: { circuit_breakers: { max_retries: 1000 } }
    waiting: { circuit_breakers: { max_retries: 1000 } }
    slow: { circuit_breakers: { max_retries: 1000 } }
    full: { circuit_breakers: { max_retries: 0 } }
  routes:
    - { match: { path: /hedged }, cluster: tail, timeout: 3s, ${hedge}, ${retry()} }
    - { match: { path: /waited }, cluster: waiting, timeout: 3s }
    - { match: { path: /first-wins }, cluster: slow, timeout: 3s, ${hedge}, ${retry(', num_retries: 2')} }
    - { match: { path: /whole }, cluster: slow, timeout: 300ms, ${hedge}, ${retry(', num_retries: 2')} }
    - { match: { path: /suppressed }, cluster: full, timeout: 3s, ${hedge}, ${retry()} }
load:
  rate: 150/s
  deadline: 4s
  requests: [{ GET: /hedged }, { GET: /waited }, { GET: /first-wins }, { GET: /whole }, { GET: /suppressed }]
phases:
  - name: all
    for: 1s
    faults: [{ cluster: tail, delay: ${SLOW_MS}ms, replica: 2 }, { cluster: waiting, delay: ${SLOW_MS}ms, replica: 2 }]
`)
})

/** The requests of a path, each of which must show the same. */
function every(path: string): readonly StraightRecord[] {
  const records = to(ran, path)
  expect(records.length).toBeGreaterThan(0)
  return records
}

const latency = (record: StraightRecord) => (record.end ?? Number.POSITIVE_INFINITY) - record.due

describe('hedge_on_per_try_timeout', () => {
  test('cuts the tail: what meets the slow replica is answered by the other one', () => {
    const hedged = every('/hedged').filter((record) => record.attempts[0]?.replica === 2)
    expect(hedged.length).toBeGreaterThan(5)
    for (const record of hedged) {
      expect(record.status).toBe(200)
      expect(record.attempts).toMatchObject([
        { n: 1, replica: 2, status: 0, cutBy: null, outrun: true, stub: null },
        { n: 2, replica: 1, status: 200, cutBy: null, outrun: false },
      ])
      expect(latency(record)).toBeLessThan(SLOW_MS - EARLY_MS)
    }
    for (const record of every('/waited').filter(({ attempts }) => attempts[0]?.replica === 2))
      expect(latency(record)).toBeGreaterThan(SLOW_MS - EARLY_MS)
  })

  test('the tries overlap, and the story says which was given up', () => {
    const [record] = every('/hedged').filter(({ attempts }) => attempts.length === 2) as [StraightRecord]
    const [first, second] = record.attempts as [StraightRecord['attempts'][0], StraightRecord['attempts'][0]]
    expect(first.start + first.durationMs).toBeGreaterThan(second.start)
    expect(second.start - first.start).toBeGreaterThan(TRY_MS - EARLY_MS)
    const story = tellRequest(record, ran.plan).join('\n')
    expect(story).toMatch(/try 1 → tail\/2 {2}given up after \d+ ms, when another try was answered; met delay 600ms/)
    expect(story).not.toMatch(/back-off|cut by/)
  })

  // 600 ms after it began the first try answers, before the second, which began 80 ms later.
  test('the first try goes on, and may be the one that is answered', () => {
    for (const record of every('/first-wins')) {
      expect(record.status).toBe(200)
      expect(record.attempts).toMatchObject([
        { n: 1, status: 200, cutBy: null, outrun: false, stub: { status: 200 } },
        { n: 2, status: 0, cutBy: null, outrun: true, stub: { answered: null } },
        { n: 3, status: 0, cutBy: null, outrun: true, stub: { answered: null } },
      ])
      expect(record.attempts[1]?.start).toBeGreaterThan((record.attempts[0]?.start ?? 0) + TRY_MS - EARLY_MS)
    }
  })

  test("the route's timeout ends every try that is in flight, and counts once", () => {
    for (const record of every('/whole')) {
      expect(record).toMatchObject({ status: 504, egress: { cutBy: 'route' } })
      expect(record.attempts.map(({ cutBy }) => cutBy)).toEqual(['route', 'route', 'route'])
    }
  })

  test('a try that max_retries suppresses lets the first go on alone', () => {
    for (const record of every('/suppressed')) {
      expect(record).toMatchObject({ status: 200, egress: { retrySuppressedBy: 'max_retries', rejectedBy: null } })
      expect(record.attempts).toMatchObject([{ status: 200, cutBy: null, outrun: false }])
    }
  })

  test('Envoy counts the tries as retries, and none as cut by per_try_timeout', () => {
    const retries = ['/hedged', '/first-wins', '/whole'].flatMap(every).reduce((sum, { attempts }) => sum + attempts.length - 1, 0)
    expect(clusterStat(ran, 'tail', 'upstream_rq_retry') + clusterStat(ran, 'slow', 'upstream_rq_retry')).toBe(retries)
    for (const cluster of ['tail', 'slow', 'full']) expect(clusterStat(ran, cluster, 'upstream_rq_per_try_timeout')).toBe(0)
    expect(ran.records.flatMap(({ attempts }) => attempts).filter(({ cutBy }) => cutBy === 'per_try')).toEqual([])
  })
})

describe('a line that is lost of tries that overlap is missed', () => {
  const lineOf = (log: string, n: number) => {
    const [record] = every('/first-wins') as [StraightRecord]
    return log.split('\n').filter((line) => line.includes(`"${record.id}"`))[n] as string
  }

  test.each([0, 1, 2])('attempt log, line %i', (n) => {
    const attempts = ran.logs.attempts.replace(`${lineOf(ran.logs.attempts, n)}\n`, '')
    expect(observeSpoilt(ran, { attempts }).unsound.join()).toMatch(
      /disagree on the attempts|is in the hop log, but not in the attempts log/,
    )
  })

  test.each([0, 1, 2])('hop log, line %i', (n) => {
    const hop = ran.logs.hop.replace(`${lineOf(ran.logs.hop, n)}\n`, '')
    expect(observeSpoilt(ran, { hop }).unsound.join()).toMatch(/but not in the hop log/)
  })

  test('a line that stands there twice is seen', () => {
    const line = lineOf(ran.logs.attempts, 1)
    expect(observeSpoilt(ran, { attempts: `${ran.logs.attempts}${line}\n` }).unsound.join()).toMatch(/twice|disagree on the attempts/)
  })
})

test('no source contradicts another, and the fault is believed', () => {
  expect(ran.observations.unsound).toEqual([])
  for (const fault of ran.observations.faults) expect(fault.doubt).toBeNull()
})
