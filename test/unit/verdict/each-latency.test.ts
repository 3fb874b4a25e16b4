import { expect, test } from 'vitest'
import { good, many, outcome } from './records.ts'

/** 20 ms each, but for one. */
const withOne = (ms: number) => [...many(40, good), good({ due: 500, sent: 500, end: 500 + ms })]
const stalled = { phases: [{ name: 'p', seen: { stalls: [{ from: 490, to: 530, until: 530 }] } }] }

test('one slow request refutes it, at its place', () => {
  const records = withOne(301)
  const found = outcome({ latency: '<= 300ms' }, records)
  expect(found).toMatchObject({
    metric: 'latency',
    status: 'fail',
    seen: '20ms .. 301ms',
    samples: 41,
    examples: [records[40]?.id],
  })
  expect(found.why).toBe('expected latency "<= 300ms" of every request, got 20ms .. 301ms from 41 requests, 1 of them outside')
  expect(outcome({ latency: '<= 300ms' }, withOne(300)).status).toBe('pass')
})

test('one fast request refutes a floor, and a range has both sides', () => {
  expect(outcome({ latency: '>= 20ms' }, withOne(19)).status).toBe('fail')
  expect(outcome({ latency: '20ms .. 30ms' }, withOne(19)).status).toBe('fail')
  expect(outcome({ latency: '20ms .. 30ms' }, withOne(31)).status).toBe('fail')
  expect(outcome({ latency: '20ms .. 30ms' }, withOne(30)).status).toBe('pass')
})

test('four requests are too few, five are enough', () => {
  expect(outcome({ latency: '<= 300ms' }, many(4, good)).status).toBe('inconclusive')
  expect(outcome({ latency: '<= 300ms' }, many(5, good)).status).toBe('pass')
})

const silent = { status: null, end: null, error: 'hung up', success: false }

test('a request that was never answered is too slow for a limit, and says nothing of a floor', () => {
  expect(outcome({ latency: '<= 300ms' }, [...many(40, good), good(silent)]).status).toBe('fail')
  expect(outcome({ latency: '>= 20ms' }, [...many(40, good), good(silent)])).toMatchObject({
    status: 'inconclusive',
    why: expect.stringContaining('1 without a whole answer, and of those nobody knows'),
  })
})

test('what a stall of the machine made slow neither refutes a limit nor shows a floor', () => {
  expect(outcome({ latency: '<= 300ms' }, withOne(301), stalled)).toMatchObject({
    status: 'inconclusive',
    why: expect.stringContaining('stood still'),
  })
  // In a phase that stood still throughout, no answer shows by itself that it takes so long.
  const all = { phases: [{ name: 'p', seen: { stalls: [{ from: 0, to: 2000, until: 2000 }] } }] }
  expect(outcome({ latency: '>= 20ms' }, many(40, good), all)).toMatchObject({
    status: 'inconclusive',
    why: expect.stringContaining('nothing but the policy'),
  })
  expect(outcome({ latency: '<= 300ms' }, many(40, good), all).status).toBe('pass')
})
