import { expect, test } from 'vitest'
import type { RequestRecord } from '../../../src/observe/record.ts'
import { holdsFrom, windowsOf } from '../../../src/verdict/window.ts'
import { bad, good, many, outcome, type World } from './records.ts'

/** 1 s of baseline, 1 s of fault, then `recovery` ms of recovery: 25 requests in each window of 500 ms. */
const phases = (recovery = 3000, seen = {}) => [
  { name: 'baseline' },
  { name: 'outage', faults: [0] },
  { name: 'recovery', ms: recovery, seen },
]
const before = () => many(50, good)
const outage = () => many(50, bad, { phase: 1 }, [1000, 2000])
/** Failing for `ms` after the fault, well from then on. */
const after = (ms: number, until = 3000, per = 20) => [
  ...many(ms / per, bad, { phase: 2 }, [2000, 2000 + ms]),
  ...many((until - ms) / per, good, { phase: 2 }, [2000 + ms, 2000 + until]),
]

const judged = (asked: string, records: RequestRecord[], world: Partial<World> = {}) =>
  outcome({ phase: 'recovery', recovers_within: asked }, records, { phases: phases(), faults: [{}], ...world })

test('it is recovered from the first window on from which all later ones hold', () => {
  // failing until 700 ms: the windows 0 and 500 do not hold, that of 1,000 ms does
  const records = [...before(), ...outage(), ...after(700)]
  expect(judged('1s', records)).toMatchObject({ status: 'pass', seen: '1s', value: 1000, samples: 6 })
  const found = judged('500ms', records)
  expect(found).toMatchObject({ status: 'fail', value: 1000 })
  expect(found.why).toMatchInlineSnapshot(
    `"expected recovers_within "500ms", but it recovered after 1s, where the baseline has 100%; after the asked time 10 × 503 from the upstream"`,
  )
  expect(found.examples).toHaveLength(3)
})

test('when all windows hold, it took no time', () => {
  expect(judged('1s', [...before(), ...outage(), ...after(0)])).toMatchObject({ status: 'pass', value: 0 })
})

test('a relapse counts: all later windows must hold', () => {
  const relapse = after(0).map((record) => (record.due >= 4000 && record.due < 4200 ? bad({ due: record.due, phase: 2 }) : record))
  // failing from 2,000 to 2,200 ms of the phase: recovered with the window of 2,500 ms
  expect(judged('1s', [...before(), ...outage(), ...relapse])).toMatchObject({ status: 'fail', value: 2500 })
})

test('what fails to the end has not recovered', () => {
  const found = judged('1s', [...before(), ...outage(), ...after(3000)])
  expect(found).toMatchObject({ status: 'fail', seen: 'never', value: null })
  expect(found.why).toContain('had not recovered when the phase ended')
})

test('an app that makes no calls any more is told of, with the time of its last one', () => {
  const silent = after(3000).map((record) => ({ ...record, joined: true, calls: [] }))
  const found = judged('1s', [...before(), ...outage(), ...silent], { app: true })
  // the last call of the outage: hand-made calls all begin at 0, and the fault ends at 2,000 ms
  expect(found.why).toMatch(/from the app, which made no call; the last call of the app came 2s before the fault ended: something in it/)
  const calling = after(3000).map((record, i) => (i === 100 ? record : { ...record, joined: true, calls: [] }))
  expect(judged('1s', [...before(), ...outage(), ...calling], { app: true }).why).not.toContain('the last call')
})

test('a window may stay 2 percentage points below the baseline', () => {
  // 100 a window; the baseline has 1 failure in 100
  const baseline = [...many(99, good), bad({ due: 990 })]
  const windows = (failures: number) => [
    ...many(100 - failures, good, { phase: 2 }, [2000, 2500]),
    ...many(failures, bad, { phase: 2 }, [2000, 2500]),
    ...many(250, good, { phase: 2 }, [2500, 5000]),
  ]
  expect(judged('1s', [...baseline, ...outage(), ...windows(3)])).toMatchObject({ value: 0 })
  expect(judged('1s', [...baseline, ...outage(), ...windows(4)])).toMatchObject({ value: 500 })
})

test('a window without requests does not hold, and leaves open whether it had recovered', () => {
  const gap = after(0).filter((record) => record.due < 4000 || record.due >= 4500)
  expect(judged('1s', [...before(), ...outage(), ...gap]).status).toBe('inconclusive')
  const end = after(0).filter((record) => record.due < 4500)
  expect(judged('1s', [...before(), ...outage(), ...end]).status).toBe('inconclusive')
})

test('the slack of a window is for rounding, not for one request in a thousand', () => {
  const window = (good: number) => [{ from: 0, total: 1000, good }]
  expect(holdsFrom(window(970), 0.99 - 0.02, false)).toBe(0)
  expect(holdsFrom(window(969), 0.99 - 0.02, false)).toBe(Number.POSITIVE_INFINITY)
})

test('the last, partial window belongs to the one before', () => {
  const windows = windowsOf([good({ due: 1040 }), bad({ due: 1499 })], 0, 1499)
  expect(windows).toEqual([
    { from: 0, total: 0, good: 0 },
    { from: 500, total: 2, good: 1 },
  ])
  expect(holdsFrom(windows, 0.5, false)).toBe(500)
  expect(holdsFrom(windows, 0.5, true)).toBe(0)
})

test('a window is a relapse only where chance hardly explains it', () => {
  // at 97 %: of 60 requests 1.8 fail on average; 5 or more do in 3.5 % of all windows, 9 or more in 0.007 %
  const windows = (failures: number) => [{ from: 0, total: 60, good: 60 - failures }]
  expect(holdsFrom(windows(5), 0.97, false)).toBe(Number.POSITIVE_INFINITY)
  expect(holdsFrom(windows(5), 0.97, true)).toBe(0)
  expect(holdsFrom(windows(9), 0.97, true)).toBe(Number.POSITIVE_INFINITY)
})

test('a window that the noise of the baseline explains makes it inconclusive, neither a relapse nor a recovery', () => {
  // 25 a window; the baseline loses 4 %, and the windows may lose 6 %: 4 of 25 are 16 %, in 6 % of all windows so many
  const noisy = [...many(48, good), ...many(2, bad)]
  const late = after(0).map((record, index) => (index >= 100 && index < 104 ? bad({ due: record.due, phase: 2 }) : record))
  const found = judged('1s', [...noisy, ...outage(), ...late])
  expect(found).toMatchObject({ status: 'inconclusive', value: 2500, interval: { low: 0, high: 2500 } })
  expect(found.why).toContain('whether it recovered after 0ms or only after 2.5s is open')
})

test.each([
  { why: 'fails itself', records: [...many(50, bad), ...outage(), ...after(3000)], text: 'which is nothing to recover to' },
  { why: 'has too few requests', records: [...many(10, good), ...outage(), ...after(0)], text: 'the baseline has only 10 requests' },
  { why: 'has none', records: [...outage(), ...after(0)], text: 'no request was seen' },
])('a baseline that $why is nothing to compare with', ({ records, text }) => {
  const found = judged('1s', records)
  expect(found.status).toBe('inconclusive')
  expect(found.why).toContain(text)
})

test('thin windows show nothing', () => {
  expect(judged('1s', [...before(), ...outage(), ...after(0, 3000, 100)]).status).toBe('inconclusive')
})

test.each([
  {
    what: 'the recovery itself were the baseline',
    phases: [
      { name: 'outage', faults: [0] },
      { name: 'recovery', ms: 3000 },
    ],
    shift: 1,
  },
  { what: 'no fault came before', phases: [{ name: 'baseline' }, { name: 'idle' }, { name: 'recovery', ms: 3000 }], shift: 0 },
])('nothing can recover if $what', ({ phases: other, shift }) => {
  const records = [...before(), ...outage(), ...after(3000)].map((record) => ({ ...record, phase: record.phase - shift }))
  expect(judged('1s', records, { phases: other }).status).toBe('inconclusive')
})

test('a fault that never fired is nothing that was recovered from', () => {
  const found = judged('1s', [...before(), ...outage(), ...after(0)], { evidence: [{ met: 0, matched: 50 }] })
  expect(found.status).toBe('inconclusive')
  expect(found.why).toContain('was never met')
})

test('settle does not hide the recovery', () => {
  const records = [...before(), ...outage(), ...after(1500)]
  const found = outcome({ phase: 'recovery', settle: '2s', recovers_within: '1s' }, records, { phases: phases(), faults: [{}] })
  expect(found).toMatchObject({ status: 'fail', value: 1500 })
})

test('a phase that was too short, as it really was, shows nothing', () => {
  expect(judged('1s', [...before(), ...outage(), ...after(0, 1000)], { phases: phases(1000) }).status).toBe('inconclusive')
})
