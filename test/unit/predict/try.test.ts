import { describe, expect, test } from 'vitest'
import type { PlannedFault } from '../../../src/plan/plan.ts'
import { type TryPolicy, tryOutcomes } from '../../../src/predict/try.ts'

const planned = (action: PlannedFault['action'], percent: number): PlannedFault => ({
  id: `${action.kind}-${action.value}`,
  phase: 0,
  cluster: 'up',
  replicas: [1],
  at: 'upstream',
  action,
  percent,
  when: [],
  attempts: null,
  chosen: null,
  place: 0,
  ofAll: null,
})
const fault = (kind: 'delay' | 'abort', value: number, percent: number) => planned({ kind, value }, percent)
const late = (delay: number, abort: number, percent: number) => planned({ kind: 'delay+abort', value: { delay, abort } }, percent)
const hang = (percent: number) => planned({ kind: 'hang', value: true }, percent)
const POLICY: TryPolicy = {
  perTryTimeout: 100,
  retriesCut: true,
  retriesConnecting: true,
  connectTimeout: 250,
  retriesAnswer: ({ status }) => status >= 500,
}

function outcomes(faults: readonly PlannedFault[], overheadMs = 0, policy = POLICY) {
  const upstream = {
    groups: [{ share: 1, faults }],
    service: [{ chance: 1, ms: 10 }],
    answer: { status: 200, headers: {} },
    bodyBytes: 1024,
    grpc: false,
  }
  return tryOutcomes(upstream, policy, overheadMs)
    .map(({ chance, ms, status, atStub }) => `${chance.toFixed(3)} ${status} after ${ms}${atStub ? '' : ', not at the stub'}`)
    .toSorted()
}

test('without faults there is the answer', () => expect(outcomes([])).toEqual(['1.000 200 after 10']))

test('a reset comes when the work is done; a refusal at once, and one that is stranded after connect_timeout', () => {
  const at = (kind: 'reset' | 'refuse' | 'unreachable') => outcomes([planned({ kind, value: true }, 100), fault('delay', 50, 100)])
  expect(at('reset')).toEqual(['1.000 503 after 60'])
  // Nothing of the hop is met without a connection; per_try_timeout (100 ms) has not begun.
  expect(at('refuse')).toEqual(['1.000 503 after 0, not at the stub'])
  expect(at('unreachable')).toEqual(['1.000 503 after 250, not at the stub'])
})

test('what is tried again: a reset where retry_on is about it, a connection that failed where it is about that', () => {
  const retried = (kind: 'reset' | 'refuse', policy: Partial<TryPolicy>) =>
    tryOutcomes(
      {
        groups: [{ share: 1, faults: [planned({ kind, value: true }, 100)] }],
        service: [{ chance: 1, ms: 1 }],
        answer: { status: 200, headers: {} },
        bodyBytes: 0,
        grpc: false,
      },
      { ...POLICY, retriesCut: false, retriesConnecting: false, ...policy },
      0,
    ).map((one) => one.retried)
  expect(retried('reset', { retriesConnecting: true })).toEqual([false])
  expect(retried('reset', { retriesCut: true })).toEqual([true])
  expect(retried('refuse', { retriesCut: true })).toEqual([false])
  expect(retried('refuse', { retriesConnecting: true })).toEqual([true])
})

test('an abort answers at once, and the stub sees nothing', () =>
  expect(outcomes([fault('abort', 503, 30)])).toEqual(['0.300 503 after 0, not at the stub', '0.700 200 after 10']))

test('a delay adds to the service time', () =>
  expect(outcomes([fault('delay', 50, 25)])).toEqual(['0.250 200 after 60', '0.750 200 after 10']))

test('a try that outlasts per_try_timeout is a 504 at that time; the stub never sees one that is held longer', () => {
  expect(outcomes([fault('delay', 400, 25)])).toEqual(['0.250 504 after 100, not at the stub', '0.750 200 after 10'])
  expect(outcomes([fault('delay', 95, 25)])).toEqual(['0.250 504 after 100', '0.750 200 after 10'])
})

test('what the machine adds may be what is too much', () =>
  expect(outcomes([fault('delay', 88, 25)], 5)).toEqual(['0.250 504 after 100', '0.750 200 after 15']))

test('a delay and an abort in one fault meet the same tries, unless per_try_timeout is shorter than the delay', () => {
  expect(outcomes([late(50, 503, 25)])).toEqual(['0.250 503 after 50, not at the stub', '0.750 200 after 10'])
  expect(outcomes([late(400, 503, 25)])).toEqual(['0.250 504 after 100, not at the stub', '0.750 200 after 10'])
})

test('routes are drawn for in their order, then the filters act in theirs', () =>
  // 10 % take the route of the hang, and 30 % of the others that of the late abort: 27 %. The last abort meets half of those 73 %
  // that this leaves: 36.5 %, and of 10 % that hang 5 % are cut.
  expect(outcomes([hang(10), late(50, 502, 30), fault('abort', 503, 50)])).toEqual([
    '0.050 504 after 100',
    '0.270 502 after 50, not at the stub',
    '0.315 200 after 10',
    '0.365 503 after 0, not at the stub',
  ]))

describe('two faults are drawn apart', () => {
  test('a delayed request may be aborted too, after its delay', () =>
    // 0.4 × 0.25 both, 0.4 × 0.75 the delay alone, 0.6 × 0.25 the abort alone, 0.6 × 0.75 neither.
    expect(outcomes([fault('delay', 50, 40), fault('abort', 503, 25)])).toEqual([
      '0.100 503 after 50, not at the stub',
      '0.150 503 after 0, not at the stub',
      '0.300 200 after 60',
      '0.450 200 after 10',
    ]))

  test('an abort before a delay leaves nothing to delay', () =>
    expect(outcomes([fault('abort', 503, 25), fault('delay', 50, 40)])).toEqual([
      '0.250 503 after 0, not at the stub',
      '0.300 200 after 60',
      '0.450 200 after 10',
    ]))
})

describe('a hang', () => {
  test('is cut by per_try_timeout, with the stub at work on it', () =>
    expect(outcomes([hang(25)])).toEqual(['0.250 504 after 100', '0.750 200 after 10']))

  test('has no end of its own without that', () =>
    expect(outcomes([hang(25)], 0, { ...POLICY, perTryTimeout: 0 })).toEqual(['0.250 200 after Infinity', '0.750 200 after 10']))

  test('is met by what a filter lets through, wherever that stands', () =>
    // 0.6 × 0.25 come to the stub and hang.
    expect(outcomes([hang(25), fault('abort', 503, 40)])).toEqual([
      '0.150 504 after 100',
      '0.400 503 after 0, not at the stub',
      '0.450 200 after 10',
    ]))
})

const tryOf = (action: PlannedFault['action'], percent = 25, policy = POLICY) => outcomes([planned(action, percent)], 0, policy)

test('slow makes the work longer, whatever cuts it then', () => {
  expect(tryOf({ kind: 'slow', value: 5 })).toEqual(['0.250 200 after 50', '0.750 200 after 10'])
  expect(tryOf({ kind: 'slow', value: 50 })).toEqual(['0.250 504 after 100', '0.750 200 after 10'])
})

test('an answer that breaks off has no status, and is not tried again', () =>
  expect(tryOf({ kind: 'truncate', value: 0.5 })).toEqual(['0.250 null after 10', '0.750 200 after 10']))

test('per_try_timeout does not see a body that comes slowly', () => {
  expect(tryOf({ kind: 'slow_body', value: 400 })).toEqual(['0.250 200 after 410', '0.750 200 after 10'])
  // 1 KiB at 2 KiB/s.
  expect(tryOf({ kind: 'slow_body', value: { limit_kbps: 2 } })).toEqual(['0.250 200 after 510', '0.750 200 after 10'])
})

test('a drawn delay is cut as far as its tail is too long', () => {
  // Evenly from 0 to 180 ms: with 10 ms of service, half of them last longer than 100.
  const cut = tryOf({ kind: 'delay', value: { uniform: [0, 180] } }, 100).filter((each) => each.includes(' 504 '))
  expect(cut.reduce((sum, each) => sum + Number(each.split(' ')[0]), 0)).toBeCloseTo(0.5, 1)
})

test('a request takes one route: the second meets what the first leaves', () =>
  expect(outcomes([hang(40), planned({ kind: 'slow', value: 5 }, 50)])).toEqual([
    '0.300 200 after 10',
    '0.300 200 after 50',
    '0.400 504 after 100',
  ]))

test('replicas with other faults count by their share', () => {
  const groups = [
    { share: 1 / 4, faults: [fault('abort', 503, 100)] },
    { share: 3 / 4, faults: [] },
  ]
  const all = tryOutcomes(
    { groups, service: [{ chance: 1, ms: 10 }], answer: { status: 200, headers: {} }, bodyBytes: 0, grpc: false },
    POLICY,
    0,
  )
  expect(all.map(({ chance, status }) => [status, chance])).toEqual([
    [503, 0.25],
    [200, 0.75],
  ])
})
