import { expect, test } from 'vitest'
import { countersIn } from '../../../src/observe/counters.ts'
import type { PhaseTimes } from '../../../src/observe/timeline.ts'

const RETRIES = 'cluster.shop.upstream_rq_retry'
const phase = (before: object, after: object) => ({ before, after }) as PhaseTimes

test('a counter has what it gained in each phase, and all that it came to', () => {
  const phases = [phase({ [RETRIES]: 2 }, { [RETRIES]: 5 }), phase({ [RETRIES]: 5 }, { [RETRIES]: 6 })]
  // 2 before the first phase, 3 and 1 in them, 1 after the last.
  expect(countersIn(phases, { [RETRIES]: 7 })).toEqual([{ name: RETRIES, total: 7, phases: [3, 1] }])
})

test('where Envoy did not live to tell, the end of the last phase is the end', () => {
  expect(countersIn([phase({}, { [RETRIES]: 4 })], {})).toEqual([{ name: RETRIES, total: 4, phases: [4] }])
})

test('gauges are no counters, nor is what stayed at 0', () => {
  const gauges = [
    'cluster.shop.upstream_rq_active',
    'cluster.shop.upstream_rq_pending_active',
    'cluster.shop.upstream_cx_active',
    'cluster.shop.circuit_breakers.default.remaining_retries',
    'cluster.shop.circuit_breakers.default.rq_open',
    'cluster.shop.outlier_detection.ejections_active',
    'cluster.shop.membership_healthy',
    'http.hop.fault.active_faults',
    'server.concurrency',
  ]
  const last = { ...Object.fromEntries(gauges.map((name) => [name, 3])), 'cluster.shop.upstream_rq_timeout': 0, [RETRIES]: 1 }
  expect(countersIn([], last).map(({ name }) => name)).toEqual([RETRIES])
})
