import { describe, expect, test } from 'vitest'
import type { Observations } from '../../../src/observe/observations.ts'
import type { Prediction } from '../../../src/predict/predict.ts'
import { besides, undisturbed } from '../../../src/report/beside.ts'
import { attempt, egress, type Parts, prediction, record, run } from './sample-run.ts'

const BROWNOUT = 1

/** The brownout's 100 requests, each as `of` makes it, against what is predicted of it. */
function differs(of: (i: number) => Parts, success: number, attempts: number, changes: Partial<Observations> = {}): string[] {
  const { observations } = run()
  const records = Array.from({ length: 100 }, (_, i) => record(100 + i, of(i)))
  const phases = prediction.phases.map((phase) => ({
    ...phase,
    kinds: phase.kinds.map((kind) => ({ ...kind, success: { low: success, high: success }, attempts: { low: attempts, high: attempts } })),
  }))
  const predicted: Prediction = { ...prediction, phases }
  return [
    ...(besides({ prediction: predicted, observations: { ...(observations as Observations), records, ...changes } })[BROWNOUT]?.differs ??
      []),
  ]
}

const twice = [attempt(1, 0), attempt(2, 30)]

describe('what chance explains is no difference', () => {
  test('as predicted', () => expect(differs(() => ({}), 1, 1)).toEqual([]))
  // Of about 90 requests, 0.9 × 90 = 81 are expected to succeed, with a standard error of 2.8.
  test('87 % where 90 % were predicted', () => expect(differs((i) => ({ success: i % 8 !== 0 }), 0.9, 1)).toEqual([]))
})

describe('more than that is one sentence on what it means', () => {
  test('fewer successes', () =>
    expect(differs((i) => ({ success: i % 2 !== 0 }), 0.9, 1)).toEqual([expect.stringMatching(/^fewer successes .* 90% follow/)]))
  test('more successes', () => expect(differs(() => ({}), 0.5, 1)).toEqual([expect.stringMatching(/^more successes/)]))
  test('more attempts', () =>
    expect(differs((i) => (i % 2 === 0 ? { attempts: twice } : {}), 1, 1.1)).toEqual([
      expect.stringMatching(/^more attempts than the faults explain: 1\.5/),
    ]))
  test('fewer attempts', () => expect(differs(() => ({}), 1, 1.5)).toEqual([expect.stringMatching(/^fewer attempts/)]))
  // The sample's brownout is predicted to take a second at most.
  test('slower', () =>
    expect(differs((i) => (i % 10 === 0 ? { end: 10_000 + i * 100 + 1500 } : {}), 1, 1)).toEqual([
      expect.stringMatching(/^slower .* 1s, the worst case/),
    ]))
})

describe('nothing is compared', () => {
  const half = (i: number) => ({ success: i % 2 !== 0 })
  const { observations } = run()
  test('where the evidence is not sound', () => expect(differs(half, 1, 1, { unsound: ['a log was lost'] })).toEqual([]))
  test('of a phase that was cut off', () =>
    expect(differs(half, 1, 1, { phases: (observations as Observations).phases.map((phase) => ({ ...phase, complete: false })) })).toEqual(
      [],
    ))
  test('while something stood still', () =>
    expect(
      differs(half, 1, 1, {
        phases: (observations as Observations).phases.map((phase) => ({
          ...phase,
          stalls: [{ from: phase.from, to: phase.to, until: phase.to }],
        })),
      }),
    ).toEqual([]))
})

test('requests are left out by when they were due, however long they took', () => {
  // One a second; those due within 2 s before the end may outlive the faults, those due within 2 s before a stall may meet it.
  const records = Array.from({ length: 20 }, (_, i) => record(i, { due: i * 1000, end: i * 1000 + 10 }))
  const left = undisturbed(records, { to: 20_000, stalls: [{ from: 10_000, to: 10_500, until: 10_500 }] }, 2000)
  expect(Array.from(left, ({ due }) => due / 1000)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15, 16, 17, 18])
})

describe('a cause that the evidence knows is named, with its count', () => {
  const half = (changes: Parts) => (i: number) => (i % 2 === 0 ? { success: false, ...changes } : {})
  const why = (found: string[]) => found.map((sentence) => sentence.split('; ')[1])
  const queued = attempt(1, 0, { stub: { arrived: 1, started: 81, due: 101, answered: 101, status: 200, busy: 4, queued: 9 } })
  const cut = attempt(1, 0, { status: 0, cutBy: 'per_try', flags: ['UT'], stub: null, hop: null })

  // 91 of the 100 requests are due a second or more before the end of the phase; every other one of them fails.
  test.each([
    [
      'a breaker that refused',
      { egress: egress(0, { rejectedBy: 'max_requests', status: 503 }), attempts: [] },
      '46 refused by max_requests',
    ],
    ['a retry that was suppressed', { egress: egress(0, { retrySuppressedBy: 'max_retries' }) }, '46 denied a retry by max_retries'],
    ['a wait for a worker, with the longest', { attempts: [queued] }, '46 waited for a worker of the stub (80ms at most)'],
    ['a wait for a connection', { attempts: [attempt(1, 0, { poolMs: 30 })] }, '46 waited for a connection (30ms at most)'],
    ['no healthy host', { egress: egress(0, { flags: ['UH'] }), attempts: [] }, '46 without a healthy host'],
    ['a limit of time without a fault', { attempts: [cut] }, '46 cut by per_try_timeout without a fault'],
  ] as [string, Parts, string][])('fewer successes: %s', (_, changes, told) => {
    const found = why(differs(half(changes), 1, 1)).filter((clause) => clause?.startsWith('of the 46'))
    expect(found).toContain(`of the 46 requests that failed: ${told}`)
  })

  test('a fault that was met is in the arithmetic, and no cause', () => {
    const met = attempt(1, 0, {
      status: 0,
      cutBy: 'per_try',
      hop: { start: 0, durationMs: 1, status: 0, flags: ['DI'], faults: ['brownout-1'] },
    })
    expect(why(differs(half({ attempts: [met] }), 1, 1))).toEqual(['something else makes requests fail or slow'])
  })

  test('fewer attempts: what kept them from being made', () => {
    const denied = (i: number) => (i % 2 === 0 ? { egress: egress(0, { retrySuppressedBy: 'max_retries' }) } : {})
    expect(why(differs(denied as (i: number) => Parts, 1, 1.5))).toEqual(['of all: 46 denied a retry by max_retries'])
  })

  test('what it does not know of some is said', () => {
    const some = (i: number): Parts => (i % 2 === 0 ? { success: false, ...(i < 10 ? { attempts: [queued] } : {}) } : {})
    expect(differs(some, 1, 1)).toEqual([
      expect.stringMatching(
        /; of the 46 requests that failed: 5 waited for a worker of the stub \(80ms at most\); of 41 the logs tell nothing of the kind$/,
      ),
    ])
  })

  test('slower: a wait that is too short to be the cause is none', () => {
    const short = attempt(1, 0, { poolMs: 30 })
    const slow = (i: number): Parts => (i % 10 === 0 ? { end: 10_000 + i * 100 + 1500, attempts: [short] } : {})
    expect(why(differs(slow, 1, 1))).toEqual([expect.stringMatching(/^they waited for something that is not in it/)])
  })

  test('slower: what they waited for', () => {
    const slow = (i: number): Parts => (i % 10 === 0 ? { end: 10_000 + i * 100 + 1500, attempts: [queued] } : {})
    expect(why(differs(slow, 1, 1))).toEqual([expect.stringMatching(/^of these: 10 waited for a worker of the stub \(80ms at most\)$/)])
  })
})
