import { expect, test } from 'vitest'
import { isStray } from '../../../src/observe/stray.ts'
import type { PhaseTimes } from '../../../src/observe/timeline.ts'
import { attempt, egress, hop, world } from '../verdict/records.ts'

const { plan } = world({
  phases: [{ name: 'calm' }, { name: 'storm', faults: [0] }, { name: 'after' }, { name: 'later' }],
  faults: [{}],
  expect: [],
})
const times: PhaseTimes = { from: 1000, applied: 1002, to: 2000, complete: true, before: {}, after: {} }
const at = (start: number) => attempt({ start: start - 1, hop: { ...hop(), start } })

test('a request that comes to the hop after the faults were switched is a stray', () => {
  expect(isStray(plan, 1, times, egress({ start: 1990 }), [at(1999)])).toBe(false)
  expect(isStray(plan, 1, times, egress({ start: 1990 }), [at(2001)])).toBe(true)
})

test('a later try beyond the end does not make one: the first met the faults of the phase', () => {
  expect(isStray(plan, 1, times, egress({ start: 1990 }), [at(1999), at(2050)])).toBe(false)
})

test('a request of the phase before that comes into the fault is a stray, too', () => {
  expect(isStray(plan, 0, { ...times, applied: 0, to: 1000 }, egress({ start: 999 }), [at(1003)])).toBe(true)
})

test('between phases without faults there is nothing to miss', () => {
  expect(isStray(plan, 2, times, egress({ start: 1990 }), [at(2100)])).toBe(false)
})

test('who waits for a connection behind max_connections is no stray', () => {
  const queued = attempt({ start: 1900, poolMs: 400, hop: { ...hop(), start: 2301 } })
  expect(isStray(plan, 1, times, egress({ start: 1899 }), [queued])).toBe(false)
})

test('without attempts it is the time at the egress that counts', () => {
  expect(isStray(plan, 1, times, egress({ start: 2001 }), [])).toBe(true)
  expect(isStray(plan, 1, times, null, [])).toBe(false)
})
