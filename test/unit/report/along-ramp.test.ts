import { expect, test } from 'vitest'
import { alongRamp, successAlong } from '../../../src/report/along-ramp.ts'
import { plan, record } from './sample-run.ts'

const [fault] = plan.faults
if (fault === undefined) throw new Error('the sample run has a fault')
const phases = [{ name: 'failing', from: 1000, to: 5000, faults: [0] }]
const ramp = { ...fault, phase: 0, ramp: { from: 10, to: 90 } }
const due = (ms: number, changes: object = {}) => record(0, { phase: 0, due: ms, success: true, ...changes })
const parts = (records: ReturnType<typeof record>[]) => alongRamp(ramp, { phases }, records)

test('a request counts in the quarter of the phase in which it was due', () => {
  // A quarter is 1 s, and (90 - 10) / 4 = 20 percent.
  expect(parts([due(1000), due(1999.9, { success: false }), due(2000), due(4999)])).toEqual([
    { from: 10, to: 30, requests: 2, successes: 1 },
    { from: 30, to: 50, requests: 1, successes: 1 },
    { from: 50, to: 70, requests: 0, successes: 0 },
    { from: 70, to: 90, requests: 1, successes: 1 },
  ])
})

test('requests of other phases, and those that no claim counts, are left out', () => {
  const all = parts([due(1500, { phase: 1 }), due(1500, { phase: -1 }), due(1500, { stray: true })])
  expect(all?.map(({ requests }) => requests)).toEqual([0, 0, 0, 0])
})

test('a fault that stays as it is has no parts', () => {
  expect(alongRamp({ ...fault, phase: 0 }, { phases }, [due(1500)])).toBeNull()
})

test('what is told of a part without requests is that it had none', () => {
  expect(successAlong(parts([due(1500), due(1600, { success: false }), due(4500)]) ?? [])).toBe(
    'success along it: 50% at 10 .. 30%, nothing was due at 30 .. 50%, nothing was due at 50 .. 70%, 100% at 70 .. 90%',
  )
})
