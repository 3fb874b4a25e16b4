import { expect, test } from 'vitest'
import { good, many, outcome } from './records.ts'

/** Latencies 1, 2, … n ms. */
const ramp = (n: number) => Array.from({ length: n }, (_, index) => good({ due: 0, end: index + 1 }))
const unanswered = { end: null, status: null, success: false, error: 'timeout' }

test('a percentile passes when the interval of its order statistics does', () => {
  // 400 latencies of 1..400 ms: p99 is rank 396; the upper end of its interval is at most rank 400
  const found = outcome({ p99: '<= 400ms' }, ramp(400))
  expect(found).toMatchObject({ status: 'pass', seen: '396ms', value: 396, samples: 400 })
  expect(found.interval?.high).toBe(400)
})

test('a percentile is inconclusive when the interval holds the limit, and fails beyond it', () => {
  expect(outcome({ p99: '<= 396ms' }, ramp(400)).status).toBe('inconclusive')
  expect(outcome({ p99: '<= 300ms' }, ramp(400)).status).toBe('fail')
})

test('fewer than 368 requests never pass a p99, however fast', () => {
  expect(outcome({ p99: '<= 10s' }, many(367, good))).toMatchObject({ status: 'inconclusive', interval: { high: null, text: '20ms .. ∞' } })
  expect(outcome({ p99: '<= 10s' }, many(368, good)).status).toBe('pass')
})

test('a failing percentile shows the slowest requests', () => {
  const records = ramp(400)
  const found = outcome({ p50: '<= 100ms' }, records)
  expect(found.examples).toEqual([records[399]?.id, records[398]?.id, records[397]?.id])
  expect(found.why).toMatchInlineSnapshot(`"expected p50 "<= 100ms", got 200ms from 400 requests (95 % interval 180ms .. 221ms)"`)
})

test('what was never answered, or only in part, is infinitely slow', () => {
  const cut = { error: 'aborted' }
  const found = outcome({ p50: '<= 100ms' }, [...many(10, good), ...many(10, good, unanswered), ...many(10, good, cut)])
  expect(found).toMatchObject({ status: 'inconclusive', seen: 'never answered', value: null })
  expect(found.why).toContain('of which 20 got no whole answer')
  expect(outcome({ p50: '<= 100ms' }, many(30, good, unanswered))).toMatchObject({ status: 'fail' })
})

test('latency counts from the due time, so a late start is part of it', () => {
  expect(outcome({ max: '<= 100ms' }, many(5, good, { due: 0, sent: 150, end: 170 }))).toMatchObject({ status: 'fail', value: 170 })
})

test('max is the slowest request itself', () => {
  expect(outcome({ max: '<= 400ms' }, ramp(400))).toMatchObject({ status: 'pass', value: 400, interval: null })
  expect(outcome({ max: '<= 399ms' }, ramp(400)).status).toBe('fail')
  expect(outcome({ max: '<= 4ms' }, ramp(4)).status).toBe('inconclusive')
  expect(outcome({ max: '<= 1m' }, [...ramp(400), good(unanswered)])).toMatchObject({ status: 'fail', seen: 'never answered' })
})

test('slowness is not shown by requests that were never answered', () => {
  expect(outcome({ p50: '>= 400ms' }, many(400, good, unanswered)).status).toBe('inconclusive')
  expect(outcome({ max: '>= 400ms' }, many(400, good, unanswered)).status).toBe('inconclusive')
  expect(outcome({ max: '>= 400ms' }, [...ramp(400), good(unanswered)]).status).toBe('pass')
  expect(outcome({ p50: '>= 100ms' }, ramp(400)).status).toBe('pass')
})

test('a range needs both ends', () => {
  // the median of 1..400: ranks 180 .. 221
  expect(outcome({ p50: '150ms .. 250ms' }, ramp(400)).status).toBe('pass')
  expect(outcome({ p50: '150ms .. 210ms' }, ramp(400)).status).toBe('inconclusive')
  expect(outcome({ p50: '300ms .. 400ms' }, ramp(400)).status).toBe('fail')
})
