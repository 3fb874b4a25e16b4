import { expect, test } from 'vitest'
import { axisFor, Row, stretchAt } from '../../../src/page/time-axis.ts'

test.each([
  // 9 s in 90 stretches hold 20 of 1,800 requests each; in 180 they would hold 10.
  { length: 9000, requests: 1800, axis: { step: 100, count: 90 } },
  // 60 stretches are few enough to be kept, although each holds one request.
  { length: 6000, requests: 60, axis: { step: 100, count: 60 } },
  // 600 s are 300 stretches of 2 s.
  { length: 600_000, requests: 300_000, axis: { step: 2000, count: 300 } },
  // 10 h in stretches of a minute are 600: two minutes it is.
  { length: 36_000_000, requests: 1e6, axis: { step: 120_000, count: 300 } },
  { length: 0, requests: 0, axis: { step: 50, count: 0 } },
])('a run of $length ms with $requests requests has $axis.count stretches of $axis.step ms', ({ length, requests, axis }) => {
  expect(axisFor(length, requests)).toEqual(axis)
})

test('a time falls into one stretch: what is early into the first, what is late into none', () => {
  const axis = { step: 100, count: 3 }
  expect([-2, 0, 99.9, 100, 299.9, 300].map((ms) => stretchAt(axis, ms))).toEqual([0, 0, 0, 1, 2, -1])
  const row = new Row(axis)
  for (const ms of [0, 250, 260, 300]) row.add(ms)
  expect(row.counts).toEqual([1, 0, 2])
})
