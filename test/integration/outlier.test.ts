import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Attempt } from '../../src/observe/record.ts'
import { clusterStat, type Ran, runScenario, to } from '../helpers/scenario.ts'
import { refuses, type Stand } from '../helpers/sockets.ts'

const SWEEP_MS = 200
const OUT_MS = 400
/** A sweep may have just passed; and what two shared cores may add to any wait. */
const LATE_MS = SWEEP_MS + 150
/** From the failure that ejects to the last request that still goes there: Envoy's main thread decides, and tells its worker. */
const TOLD_MS = 150
/** What the clocks of two processes may differ. */
const CLOCKS_MS = 5

const FAULTY_MS = 2000
const PHASES = { before: 0, faulty: 1, after: 2 }

/**
 * One cluster a test, each with replica 2 always answering 503 in the middle phase. Never by a detector that is not the
 * one under test: consecutive_5xx is out of reach unless it is set.
 */
const CLUSTERS: Record<string, { replicas: number; outlier: string }> = {
  consecutive: { replicas: 2, outlier: 'consecutive_5xx: 3, max_ejection_percent: 50' },
  gateway: { replicas: 2, outlier: 'consecutive_gateway_failure: 3, enforcing_consecutive_gateway_failure: 100, max_ejection_percent: 50' },
  gateway_default: { replicas: 2, outlier: 'consecutive_gateway_failure: 3, max_ejection_percent: 50' },
  detected: { replicas: 2, outlier: 'consecutive_5xx: 3, enforcing_consecutive_5xx: 0, max_ejection_percent: 50' },
  percent: { replicas: 3, outlier: 'consecutive_5xx: 3, max_ejection_percent: 34' },
  percent_too_low: { replicas: 3, outlier: 'consecutive_5xx: 3, max_ejection_percent: 33' },
  always_one: { replicas: 3, outlier: 'consecutive_5xx: 3, max_ejection_percent: 33, always_eject_one_host: true' },
  failure_share: {
    replicas: 2,
    outlier:
      'failure_percentage_threshold: 60, enforcing_failure_percentage: 100, failure_percentage_minimum_hosts: 2, failure_percentage_request_volume: 2, enforcing_success_rate: 0, max_ejection_percent: 50',
  },
  success_rate: {
    replicas: 3,
    // 100, 100 and 0 percent: mean 66.7, deviation 47.1, so that 0 is below the mean by 1.41 deviations.
    outlier: 'success_rate_minimum_hosts: 3, success_rate_request_volume: 2, success_rate_stdev_factor: 1300, max_ejection_percent: 50',
  },
  success_rate_strict: {
    replicas: 3,
    outlier: 'success_rate_minimum_hosts: 3, success_rate_request_volume: 2, success_rate_stdev_factor: 1500, max_ejection_percent: 50',
  },
  local_origin: {
    replicas: 2,
    outlier: 'split_external_local_origin_errors: true, consecutive_local_origin_failure: 3, max_ejection_percent: 50',
  },
  capped: { replicas: 2, outlier: `consecutive_5xx: 3, max_ejection_time: ${OUT_MS}ms, max_ejection_percent: 50` },
}

let stand: Stand
let ran: Ran
beforeAll(async () => {
  stand = await refuses()
  const names = Object.keys(CLUSTERS)
  ran = await runScenario(
    `
upstreams:
${names.map((name) => `  ${name}: { replicas: ${CLUSTERS[name]?.replicas} }`).join('\n')}
envoy:
  clusters:
${Object.entries(CLUSTERS)
  .map(([name, { outlier }]) => {
    const unreachable = /consecutive_5xx: \d/.test(outlier) ? '' : 'consecutive_5xx: 100000, '
    return `    ${name}: { outlier_detection: { ${unreachable}interval: ${SWEEP_MS}ms, base_ejection_time: ${OUT_MS}ms, ${outlier} } }`
  })
  .join('\n')}
  routes:
${names.map((name) => `    - { match: { path: /${name} }, cluster: ${name} }`).join('\n')}
load: { rate: 800/s, requests: [${names.map((name) => `{ GET: /${name}, weight: ${name === 'consecutive' ? 5 : 1} }`).join(', ')}] }
phases:
  - { name: before, for: 300ms }
  - name: faulty
    for: ${FAULTY_MS}ms
    faults: [${names
      .filter((name) => name !== 'local_origin')
      .map((name) => `{ cluster: ${name}, replica: 2, abort: 503 }`)
      .join(', ')}]
  - { name: after, for: 1800ms }
`,
    { connectTo: { 'local_origin/2': stand.port } },
  )
})
afterAll(() => stand.close())

const ejections = (cluster: string) => ran.observations.phases.map((phase) => phase.ejections[cluster])
const attemptsTo = (cluster: string) =>
  to(ran, `/${cluster}`)
    .flatMap((record) => record.attempts)
    .toSorted((a, b) => a.start - b.start)
const failures = (cluster: string) => attemptsTo(cluster).filter((attempt) => attempt.status === 503)

/** The failures at replica 2, divided where it was out in between. */
function visits(cluster: string): Attempt[][] {
  const found: Attempt[][] = []
  for (const attempt of failures(cluster)) {
    const last = found.at(-1)?.at(-1)
    if (last && attempt.start - last.start < OUT_MS / 2) found.at(-1)?.push(attempt)
    else found.push([attempt])
  }
  return found
}

const faulty = () => ran.observations.phases[PHASES.faulty] as Ran['observations']['phases'][number]
const inFaulty = ({ start }: Attempt) => start >= faulty().applied + CLOCKS_MS && start <= faulty().to - CLOCKS_MS
const total = (counts: readonly (number | undefined)[]) => counts.reduce((sum: number, count = 0) => sum + count, 0)

/** Ms from the failure that ejected the replica to the next attempt there, for the visits of the given place. */
function outAfter(cluster: string, visit: number): number {
  const [now, next] = visits(cluster).slice(visit, visit + 2) as [Attempt[], Attempt[]]
  return (next[0] as Attempt).start - (now[2] as Attempt).start
}

describe('of two replicas with one always aborting', () => {
  test('three failures eject it, and traffic moves away', () => {
    const [first, second] = visits('consecutive') as [Attempt[], Attempt[]]
    const third = first[2] as Attempt
    // What was in flight already, or was sent before Envoy's main thread had told its worker, still goes there.
    expect((first.at(-1) as Attempt).start - third.start).toBeLessThan(TOLD_MS)
    const meanwhile = attemptsTo('consecutive').filter(({ start }) => start > third.start + TOLD_MS && start < (second[0] as Attempt).start)
    expect(meanwhile.length).toBeGreaterThan(5)
    for (const attempt of meanwhile) expect(attempt).toMatchObject({ replica: 1, status: 200 })
  })

  test('it is tried again at the first sweep after base_ejection_time', () => {
    expect(outAfter('consecutive', 0)).toBeGreaterThan(OUT_MS - CLOCKS_MS)
    expect(outAfter('consecutive', 0)).toBeLessThan(OUT_MS + LATE_MS)
  })

  // Every sweep that finds it in takes one off the factor, so its three failures must come between two sweeps: hence the weight.
  test('the second time it is out for twice as long, unless max_ejection_time says otherwise', () => {
    expect(outAfter('consecutive', 1)).toBeGreaterThan(2 * OUT_MS - CLOCKS_MS)
    expect(outAfter('consecutive', 1)).toBeLessThan(2 * OUT_MS + LATE_MS)
    expect(outAfter('capped', 1)).toBeGreaterThan(OUT_MS - CLOCKS_MS)
    expect(outAfter('capped', 1)).toBeLessThan(OUT_MS + LATE_MS)
  })

  test('the phase counts the ejections', () => {
    const ended = visits('consecutive').filter((visit) => visit.length >= 3).length
    expect(ejections('consecutive')[PHASES.before]).toBe(0)
    expect(ejections('consecutive')[PHASES.faulty]).toBeGreaterThanOrEqual(2)
    expect(total(ejections('consecutive'))).toBe(ended)
    expect(clusterStat(ran, 'consecutive', 'outlier_detection.ejections_enforced_consecutive_5xx')).toBe(ended)
  })

  test('once the fault is over it returns, and takes its half of the requests', () => {
    const last = attemptsTo('consecutive').slice(-20)
    // Round robin.
    expect(last.filter((attempt) => attempt.replica === 2).length).toBe(10)
    for (const attempt of last) expect(attempt.status).toBe(200)
  })
})

describe('consecutive_gateway_failure', () => {
  test('ejects when it is enforced', () => {
    expect(ejections('gateway')[PHASES.faulty]).toBeGreaterThan(0)
    expect(total(ejections('gateway'))).toBe(visits('gateway').filter((visit) => visit.length >= 3).length)
  })

  test('only counts by default', () => {
    expect(ejections('gateway_default')).toEqual([0, 0, 0])
    expect(clusterStat(ran, 'gateway_default', 'outlier_detection.ejections_detected_consecutive_gateway_failure')).toBeGreaterThan(0)
  })
})

test('enforcing_consecutive_5xx: 0 detects without ejecting: half of the requests fail to the end of the phase', () => {
  expect(ejections('detected')).toEqual([0, 0, 0])
  expect(clusterStat(ran, 'detected', 'outlier_detection.ejections_detected_consecutive_5xx')).toBeGreaterThan(0)
  const during = attemptsTo('detected').filter(inFaulty)
  expect(Math.abs(2 * during.filter((attempt) => attempt.status === 503).length - during.length)).toBeLessThanOrEqual(1)
})

describe('max_ejection_percent, one of three replicas failing', () => {
  test('34 lets it be ejected', () => expect(ejections('percent')[PHASES.faulty]).toBeGreaterThan(0))

  // One of three is 33.3 %, which is more.
  test('33 does not', () => {
    expect(ejections('percent_too_low')).toEqual([0, 0, 0])
    expect(clusterStat(ran, 'percent_too_low', 'outlier_detection.ejections_overflow')).toBeGreaterThan(0)
  })

  test('33 does with always_eject_one_host', () => expect(ejections('always_one')[PHASES.faulty]).toBeGreaterThan(0))
})

describe('by shares, looked at in each sweep', () => {
  test('failure_percentage_threshold ejects the replica whose share of failures is beyond it', () => {
    expect(ejections('failure_share')[PHASES.faulty]).toBeGreaterThan(0)
    expect(clusterStat(ran, 'failure_share', 'outlier_detection.ejections_enforced_failure_percentage')).toBe(
      total(ejections('failure_share')),
    )
  })

  test('success_rate ejects the replica that is further below the others than success_rate_stdev_factor', () => {
    expect(ejections('success_rate')[PHASES.faulty]).toBeGreaterThan(0)
    expect(ejections('success_rate_strict')).toEqual([0, 0, 0])
  })
})

test('consecutive_local_origin_failure ejects a replica that refuses connections', () => {
  const ejected = clusterStat(ran, 'local_origin', 'outlier_detection.ejections_enforced_consecutive_local_origin_failure')
  const refused = attemptsTo('local_origin').filter((attempt) => attempt.status === 0)
  expect(ejected).toBeGreaterThan(0)
  expect(refused.length).toBeGreaterThanOrEqual(3 * ejected)
  expect(total(ejections('local_origin'))).toBeLessThanOrEqual(ejected)
  // Round robin would send half of the requests there.
  expect(refused.length).toBeLessThan(0.25 * to(ran, '/local_origin').length)
})

test('no source contradicts another', () => expect(ran.observations.unsound).toEqual([]))
