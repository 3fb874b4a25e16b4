import { describe, expect, test } from 'vitest'
import { type Closed, closedDoors, isWithin, metAtDoor } from '../../../src/observe/doors.ts'
import type { PhaseTimes } from '../../../src/observe/timeline.ts'
import { attempt, hop, world } from '../verdict/records.ts'

const { plan } = world({
  phases: [{ name: 'calm' }, { name: 'storm', faults: [0] }],
  faults: [{ action: { kind: 'down', value: {} } }],
  expect: [],
})
const [fault] = plan.faults
const door = (kind: Closed['kind']): Closed => ({
  fault: 'f',
  kind,
  cluster: 'up',
  replica: 2,
  from: 1000,
  to: 2000,
  until: kind === 'unreachable' ? 2250 : 2000,
  cut: 1,
})
const seen = (parts: object) => ({
  ...attempt({ replica: 2, start: 1500, durationMs: 0, status: 0, hop: null, stub: null }),
  cluster: 'up',
  failure: null,
  ...parts,
})
const REFUSED = { flags: ['UF'], failure: 'delayed_connect_error:_Connection_refused' }
const TIMED_OUT = { flags: ['UF'], failure: null }
const CUT = { flags: ['UC'], hop: hop(), start: 995, durationMs: 6 }

describe('an attempt met the fault that closed the door', () => {
  test.each([
    ['refused', 'refuse', REFUSED],
    ['refused while it was down', 'down', REFUSED],
    ['in flight when it went down', 'down', CUT],
    ['cut by connect_timeout, after the door was open again', 'unreachable', { ...TIMED_OUT, start: 1990, durationMs: 250 }],
    [
      'through only when the door was open again',
      'unreachable',
      { flags: [], status: 200, start: 1200, durationMs: 1100, hop: { ...hop(), start: 2100 } },
    ],
    ['cut with a connection that was begun before the door was open', 'unreachable', { ...TIMED_OUT, start: 2200, durationMs: 20 }],
    ['cut by the timeout of its route while it waited, at no known host', 'unreachable', { replica: null, flags: [], durationMs: 300 }],
  ] as const)('%s', (_, kind, parts) => expect(metAtDoor(seen(parts), [door(kind)])).toBe('f'))

  test.each([
    ['refused before', 'refuse', { ...REFUSED, start: 900 }],
    ['refused after', 'refuse', { ...REFUSED, start: 2010 }],
    ['refused at another replica', 'refuse', { ...REFUSED, replica: 1 }],
    ['refused at another cluster', 'refuse', { ...REFUSED, cluster: 'other' }],
    ['cut by connect_timeout long after', 'unreachable', { ...TIMED_OUT, start: 2300 }],
    ['refused while it should have got no answer', 'unreachable', REFUSED],
    ['cut by connect_timeout while it should have been refused', 'refuse', TIMED_OUT],
    ['reset while nobody was to be reset', 'refuse', CUT],
    ['reset long after it went down', 'down', { ...CUT, start: 1500 }],
    ['through while it was closed', 'unreachable', { flags: [], status: 200, hop: { ...hop(), start: 1501 } }],
    ['through in an instant', 'unreachable', { flags: [], status: 200, start: 1999, hop: { ...hop(), start: 1999 } }],
    ['without a host left', 'unreachable', { replica: null, flags: ['UH'] }],
    ['refused by a breaker', 'unreachable', { replica: null, flags: ['UO'] }],
  ] as const)('not one that was %s', (_, kind, parts) => expect(metAtDoor(seen(parts), [door(kind)])).toBeNull())
})

test('what got through was spared only where it was surely in time', () => {
  const through = (start: number, atHop: number) => ({ start, hop: { ...hop(), start: atHop } })
  expect(isWithin(through(1500, 1501), door('refuse'), 2000)).toBe(true)
  expect(isWithin(through(1001, 1002), door('refuse'), 2000)).toBe(false)
  expect(isWithin(through(1998, 1999), door('refuse'), 2000)).toBe(false)
  // It waited until the door was open again.
  expect(isWithin(through(1500, 2005), door('refuse'), 3000)).toBe(false)
})

test('a door that is closed at the end of its phase is opened by the switch to the next', () => {
  const times = { from: 0, applied: 5, to: 100, complete: true, before: {}, after: {}, lateness: { beats: [], sends: [] } }
  const report = { fault: fault?.id as string, replica: 1, from: 10_050, to: null, cut: 2 }
  const phases: PhaseTimes[] = [times, { ...times, doors: [report] }, { ...times, applied: 120 }]
  const closed = { fault: fault?.id, kind: 'down', cluster: fault?.cluster, replica: 1, from: 50, cut: 2 }
  expect(closedDoors(plan, phases, 10_000)).toEqual([{ ...closed, to: 120, until: 120 }])
  expect(closedDoors(plan, phases.slice(0, 2), 10_000)).toEqual([
    { ...closed, to: Number.POSITIVE_INFINITY, until: Number.POSITIVE_INFINITY },
  ])
  expect(closedDoors(plan, [{ ...times, doors: [{ ...report, to: 10_090 }] }], 10_000)).toEqual([{ ...closed, to: 90, until: 90 }])
})
