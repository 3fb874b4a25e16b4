import { expect, test } from 'vitest'
import { isStray } from '../../../src/observe/stray.ts'
import type { PhaseTimes } from '../../../src/observe/timeline.ts'
import { attempt, egress, good, hop, type Parts, world } from '../verdict/records.ts'

const { plan } = world({
  phases: [{ name: 'calm' }, { name: 'storm', faults: [0] }, { name: 'after' }, { name: 'later' }],
  faults: [{}],
  expect: [],
})
const times: PhaseTimes = { from: 1000, applied: 1002, to: 2000, complete: true, before: {}, after: {}, lateness: { beats: [], sends: [] } }
const stray = (phase: number, seen: PhaseTimes, parts: Parts, of = plan) => isStray(of, phase, seen, good(parts))
const at = (start: number) => attempt({ start: start - 1, hop: { ...hop(), start } })

test('a request that comes to the hop after the faults were switched is a stray', () => {
  expect(stray(1, times, { egress: egress({ start: 1990 }), attempts: [at(1999)], ingressFaults: [] })).toBe(false)
  expect(stray(1, times, { egress: egress({ start: 1990 }), attempts: [at(2001)], ingressFaults: [] })).toBe(true)
})

test('a later try beyond the end does not make one: the first met the faults of the phase', () => {
  expect(stray(1, times, { egress: egress({ start: 1990 }), attempts: [at(1999), at(2050)], ingressFaults: [] })).toBe(false)
})

test('a request of the phase before that comes into the fault is a stray, too', () => {
  expect(stray(0, { ...times, applied: 0, to: 1000 }, { egress: egress({ start: 999 }), attempts: [at(1003)], ingressFaults: [] })).toBe(
    true,
  )
})

test('between phases without faults there is nothing to miss', () => {
  expect(stray(2, times, { egress: egress({ start: 1990 }), attempts: [at(2100)], ingressFaults: [] })).toBe(false)
})

test('who waits for a connection behind max_connections is no stray', () => {
  const queued = attempt({ start: 1900, poolMs: 400, hop: { ...hop(), start: 2301 } })
  expect(stray(1, times, { egress: egress({ start: 1899 }), attempts: [queued], ingressFaults: [] })).toBe(false)
})

test('without attempts it is the time at the egress that counts', () => {
  expect(stray(1, times, { egress: egress({ start: 2001 }), attempts: [], ingressFaults: [] })).toBe(true)
  expect(stray(1, times, { egress: null, attempts: [], ingressFaults: [] })).toBe(false)
})

test('who is delayed before the router is no stray for coming late to the hop', () => {
  expect(stray(1, times, { egress: egress({ start: 1990 }), attempts: [at(2391)], ingressFaults: ['f0'] })).toBe(false)
})

test('where only faults before the router change, the hop is not their place', () => {
  const other = world({ phases: [{ name: 'calm' }, { name: 'storm', faults: [0] }], faults: [{ at: 'ingress' }], expect: [] }).plan
  expect(stray(1, times, { egress: egress({ start: 1990 }), attempts: [at(2050)], ingressFaults: [] }, other)).toBe(false)
  expect(stray(1, times, { egress: egress({ start: 2001 }), attempts: [at(2050)], ingressFaults: [] }, other)).toBe(true)
})

test('one that a fault of another phase met at a door is a stray, whenever it came; of its own phase it is none', () => {
  const met = {
    egress: egress({ start: 1500 }),
    attempts: [at(1501), attempt({ n: 2, hop: null, stub: null, door: plan.faults[0]?.id as string })],
    ingressFaults: [],
  }
  expect(stray(0, { ...times, applied: 0 }, met)).toBe(true)
  expect(stray(1, times, met)).toBe(false)
  // No fault begins or ends with this one.
  expect(stray(3, times, met)).toBe(true)
})
