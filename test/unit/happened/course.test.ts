import { expect, test } from 'vitest'
import { answered503, attempt, cut, lost, record, several, tell } from './made-up.ts'

const passed = { metric: 'success_rate', asked: '>= 0%', value: 1, status: 'pass' } as const

test('of a quiet run one sentence says so', () => {
  expect(tell({ claim: passed })).toEqual([
    {
      phase: null,
      fromMs: 0,
      toMs: 30_000,
      text: 'all was quiet: each of 300 requests succeeded without a retry, and nothing was cut, refused or ejected',
    },
  ])
})

test('a run of which a claim failed is not called quiet', () => {
  expect(tell({ claim: { ...passed, status: 'fail' } }).map(({ text }) => text)).toEqual([
    'each of 300 requests succeeded without a retry, and nothing was cut, refused or ejected',
  ])
})

test('nothing is called quiet while the calls of a request are not known', () => {
  expect(tell({ claim: passed, records: [record(7, { joined: false })] })).toEqual([])
})

test('without sound evidence nothing is told', () => {
  expect(tell({ claim: passed, observed: { unsound: ['a log is cut off'] } })).toEqual([])
})

test('a phase is told in counts, that with most failures first, and a quiet one is not', () => {
  const saved = several(11, (i) => record(i, { attempts: [cut(1, i * 100 + 1, { hop: null }), attempt(2, i * 100 + 40)] }))
  const fallen = Array.from({ length: 2 }, (_, i) => lost(200 + i, [answered503(1, 20_001 + i * 100)]))
  const faults = [{ id: 'brownout-1', phase: 1, matched: 111, met: 11, counted: 11, inferred: 11, doubt: null }]
  const told = tell({ claim: passed, records: [...saved, ...fallen], observed: { faults } })
  expect(told).toEqual([
    { phase: 'recovery', fromMs: 20_000, toMs: 30_000, text: 'in recovery 2 of 100 requests failed' },
    {
      phase: 'brownout',
      fromMs: 10_000,
      toMs: 20_000,
      text: 'in brownout 11 attempts met delay 400ms; per_try_timeout cut 11; 11 retries made it 1.11 attempts a request; all 100 requests succeeded',
    },
  ])
})

test('suppressed retries, refusals and ejections are counted, too', () => {
  const suppressed = several(1, (i) => lost(i, [answered503(1, i * 100 + 1)], { retrySuppressedBy: 'max_retries' }))
  const refused = [105, 106].map((i) => lost(i, [], { rejectedBy: 'max_requests' }))
  const [told] = tell({ claim: passed, records: [...suppressed, ...refused] })
  expect(told?.text).toBe('in brownout 1 retry was suppressed; 2 were refused by a full breaker; 3 of 100 requests failed')
})
