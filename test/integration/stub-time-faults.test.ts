import { beforeAll, describe, expect, test } from 'vitest'
import { holdTimes } from '../../src/upstream/behaviour.ts'
import type { ServerSpec } from '../../src/upstream/spec.ts'
import { attemptsOf, expectRoutedShare } from '../helpers/fault-evidence.ts'
import { type Ran, runScenario, to } from '../helpers/scenario.ts'

/** Faults of how long the stub takes, for those whom the hop sends on by the route of the fault. */

const of = (ran: Ran, path: string, phase: number) => to(ran, path).filter((record) => record.phase === phase && !record.edge)

describe('slow and delays that are drawn', () => {
  let ran: Ran
  beforeAll(async () => {
    ran = await runScenario(`
upstreams: { slow: { workers: 1, latency: 10ms }, delayed: { workers: 1, latency: 10ms }, law: {}, cut: {} }
envoy:
  routes: [${['slow', 'delayed', 'law'].map((name) => `{ match: { path: /${name} }, cluster: ${name} }`).join(', ')}, { match: { path: /cut }, cluster: cut, timeout: 60ms }]
load: { rate: 120/s, requests: [{ GET: /slow }, { GET: /delayed }, { GET: /law, weight: 3 }, { GET: /cut }] }
phases:
  - name: all
    for: 3s
    faults:
      - { cluster: slow, slow: 8, percent: 50 }
      - { cluster: delayed, delay: { uniform: [79ms, 81ms] }, percent: 50 }
      - { cluster: law, delay: { p50: 40ms, p99: 120ms } }
      - { cluster: cut, delay: { uniform: [900ms, 1s] } }
  - { name: after, for: 500ms }
`)
  })
  const stubsOf = (path: string) => attemptsOf(of(ran, path, 0)).flatMap(({ stub }) => stub ?? [])
  const waited = (path: string) => stubsOf(path).map(({ arrived, started, held = 0 }) => started - arrived - held)

  test('they are met as often as asked', () => {
    expectRoutedShare(ran, 'all-1', 50)
    expectRoutedShare(ran, 'all-2', 50)
    expectRoutedShare(ran, 'all-3', 100)
    expectRoutedShare(ran, 'all-4', 100)
  })

  test('slow keeps the worker for so many times as long, and others wait behind it', () => {
    for (const { started, due, fault } of stubsOf('/slow')) expect(due - started).toBeCloseTo(fault === undefined ? 10 : 80, 2)
    // 20/s of 45 ms on average: 90 % of the only worker. How many wait is up to what Envoy draws: some 30; 10 once in 100,000 runs.
    expect(waited('/slow').filter((ms) => ms > 20).length).toBeGreaterThan(5)
  })

  test('a delay of the same length keeps no worker, and nobody waits for it', () => {
    const held = stubsOf('/delayed').flatMap((stub) => stub.held ?? [])
    expect(held.length).toBeGreaterThan(10)
    for (const ms of held) expect(ms).toBeGreaterThanOrEqual(79)
    // 20/s of 10 ms: 20 % of the worker; two that come at once wait 10 ms.
    const waits = waited('/delayed').toSorted((a, b) => a - b)
    expect(waits[Math.floor(0.8 * waits.length)]).toBeLessThan(20)
  })

  test('a log-normal delay has its median, and is as long for Envoy as for the stub', () => {
    const attempts = attemptsOf(of(ran, '/law', 0))
    const held = attempts.map(({ stub }) => stub?.held as number).toSorted((a, b) => a - b)
    // 180 draws: their median lies between the quantiles 37.5 and 62.5 % of the law in all but one of 1,000 runs; sigma is ln(3)/2.326.
    expect(held[Math.floor(held.length / 2)]).toBeGreaterThan(40 * Math.exp((-0.319 * Math.log(3)) / 2.326))
    expect(held[Math.floor(held.length / 2)]).toBeLessThan(40 * Math.exp((0.319 * Math.log(3)) / 2.326))
    for (const { durationMs, poolMs, stub } of attempts) expect(durationMs - poolMs).toBeGreaterThan((stub?.held as number) - 10)
  })

  test('what is cut while it is held never gets to a worker', () => {
    for (const attempt of attemptsOf(of(ran, '/cut', 0)))
      expect(attempt).toMatchObject({ cutBy: 'route', stub: { answered: null, busy: 0 } })
  })

  test('the same seed draws the same delays', () => {
    const next = holdTimes(ran.plan.stubs.servers.find(({ cluster }) => cluster === 'law') as ServerSpec)
    const drawn = stubsOf('/law')
      .toSorted((a, b) => a.arrived - b.arrived)
      .map(({ held }) => held)
    for (const held of drawn.slice(0, 20)) expect(held).toBeCloseTo(next('all-3'), 2)
  })

  test('no source contradicts another', () => expect(ran.observations.unsound).toEqual([]))
})
