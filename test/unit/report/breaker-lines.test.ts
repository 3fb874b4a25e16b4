import { describe, expect, test } from 'vitest'
import { breakerSentences } from '../../../src/report/breaker-lines.ts'
import { breakerPeaks } from '../../../src/report/breakers.ts'
import { attempt, egress, type Parts, plan, record, run, scenario } from './sample-run.ts'

/** 3 phases of 10 s, 10 requests a second of 22 ms each: never two at once. */
function told(of: (i: number) => Parts, changes: { breakers?: object; phases?: object[]; observed?: object } = {}) {
  const { observations } = run()
  if (observations === null) throw new Error('the sample run has observations')
  const records = Array.from({ length: 300 }, (_, i) => record(i, of(i)))
  const phases = observations.phases.map((phase) => ({ ...phase, ...changes.observed }))
  const clusters = changes.breakers === undefined ? {} : { inventory: { circuit_breakers: changes.breakers } }
  const own = scenario({ envoy: { clusters }, phases: changes.phases ?? [] })
  return { scenario: own, plan, observations: { ...observations, records, phases } }
}

const calm = (): Parts => ({})
/** Refused 1 ms after it was due. */
const refused = (i: number, by: 'max_requests' | 'max_pending_requests'): Parts => ({
  egress: egress(i * 100, { durationMs: 1, status: 503, rejectedBy: by }),
  attempts: [],
})
const suppressed = (i: number): Parts => ({ egress: egress(i * 100, { durationMs: 22, status: 503, retrySuppressedBy: 'max_retries' }) })
const ramp = { name: 'brownout', for: 10_000, rate: { from: 50, to: 150 } }
const even = { name: 'even', for: 10_000, rate: 10 }

describe('of the limits, those are told', () => {
  test('none, where none is set, near or reached', () => expect(breakerSentences(told(calm))).toEqual([]))

  test('that the scenario sets, also where they were not used', () =>
    expect(breakerSentences(told(calm, { breakers: { max_requests: 40, max_retries: 20 } }))).toEqual([
      'inventory max_requests: at most 1 of 40 in each phase',
      'inventory max_retries: not used',
    ]))

  test('that refused, though it is the default: with the first refusal, and the rate that the ramp had come to by then', () => {
    // Due at 13.0 s and 14.0 s: 3 s into the ramp from 50/s to 150/s in 10 s, it has come to 80/s.
    const run = told((i) => (i === 130 || i === 140 ? refused(i, 'max_pending_requests') : {}), { phases: [even, ramp, even] })
    expect(breakerSentences(run)).toEqual([
      'inventory max_pending_requests: at most 1024 of 1024 (default) in brownout, else 0; 2 refused in brownout, the first after 3s at 80/s',
    ])
  })

  test('that suppressed retries', () =>
    expect(breakerSentences(told((i) => (i === 210 ? suppressed(i) : {}), { phases: [even, ramp, even] }))).toEqual([
      'inventory max_retries: at most 3 of 3 (default) in recovery, else 0; 1 suppressed in recovery, the first after 1.02s at 10/s',
    ]))

  test('that came to half of their default', () => {
    // Two tries each, 10 at once, of which the second ones are retries: 3 of 3.
    const twice = (i: number): Parts => ({
      attempts: [attempt(1, i * 100, { durationMs: 1 }), attempt(2, i * 100 + 2, { durationMs: 190 })],
      egress: egress(i * 100, { durationMs: 195 }),
    })
    expect(breakerSentences(told((i) => (i >= 100 && i < 110 ? twice(i) : {})))).toEqual([
      'inventory max_retries: at most 2 of 3 (default) in brownout, else 0',
    ])
  })
})

test('in a closed loop no rate is told', () => {
  const closed = {
    ...told((i) => (i === 130 ? refused(i, 'max_requests') : {}), { phases: [even, ramp, even] }),
    plan: {
      ...plan,
      load: { kind: 'closed', connections: 5, think: undefined, weights: [1], seed: 1, deadline: 1000, target: undefined } as const,
    },
  }
  expect(breakerSentences(closed)).toEqual([expect.stringMatching(/; 1 refused in brownout, the first after 3s$/)])
})

test('max_connections is as full as connections are busy, and full where Envoy says that it allowed no more', () => {
  const peaks = (overflows: number) =>
    breakerPeaks(told(calm, { breakers: { max_connections: 4 }, observed: { connectionOverflows: { inventory: overflows } } }))[0]?.find(
      ({ breaker }) => breaker === 'max_connections',
    )?.peak
  expect(peaks(0)).toEqual({ least: 1, most: 1 })
  expect(peaks(3)).toEqual({ least: 4, most: 4 })
})

test('where a retry_budget is in force, it is told in place of max_retries', () => {
  const budget = (i: number): Parts => (i === 110 ? { egress: egress(i * 100, { retrySuppressedBy: 'retry_budget' }) } : {})
  const budgeted = {
    ...told(budget, { phases: [even, ramp, even] }),
    plan: { ...plan, policy: { ...plan.policy, budgetedClusters: ['inventory'] } },
  }
  expect(breakerPeaks(budgeted)[0]?.map(({ breaker }) => breaker)).toEqual([
    'max_connections',
    'max_pending_requests',
    'max_requests',
    'retry_budget',
  ])
  // Due at 11 s, ended 22 ms later: 1.02 s into the ramp, at 60/s.
  expect(breakerSentences(budgeted)).toEqual([
    'inventory retry_budget: at most 0 retries at once; 1 suppressed in brownout, the first after 1.02s at 60/s',
  ])
})

test('bursts come besides the rate', () => {
  const bursting = { ...ramp, bursts: { size: 60, every: 1000 } }
  expect(breakerSentences(told((i) => (i === 130 ? refused(i, 'max_requests') : {}), { phases: [even, bursting, even] }))).toEqual([
    expect.stringMatching(/the first after 3s at 80\/s besides bursts$/),
  ])
})

test('different peaks stand phase by phase, equal ones together', () => {
  // Two at once in the middle phase: each takes 150 ms, and the next one begins after 100 ms.
  const slow = (i: number): Parts => ({
    egress: egress(i * 100, { durationMs: 150 }),
    attempts: [attempt(1, i * 100, { durationMs: 150, hop: { start: i * 100, durationMs: 149, status: 200, flags: [], faults: [] } })],
  })
  expect(breakerSentences(told((i) => (i >= 100 && i < 199 ? slow(i) : {}), { breakers: { max_requests: 40 } }))).toEqual([
    'inventory max_requests: at most 1 of 40 in baseline and recovery, 2 in brownout',
  ])
})
