import fc from 'fast-check'
import { expect, test } from 'vitest'
import { attempt, bad, egress, good, hop, many, outcome } from './records.ts'

test('a share passes when its whole interval satisfies the claim', () => {
  // 400 of 400: the interval begins at 400 / (400 + 3.8415) = 99.05 %
  expect(outcome({ success_rate: '>= 99%' }, many(400, good))).toMatchObject({
    status: 'pass',
    seen: '100%',
    value: 1,
    samples: 400,
    why: null,
    examples: [],
  })
})

test('a share is inconclusive when its interval holds the limit', () => {
  // 300 of 300: from 300 / 303.84 = 98.74 % on
  expect(outcome({ success_rate: '>= 99%' }, many(300, good))).toMatchObject({
    status: 'inconclusive',
    seen: '100%',
    interval: { high: 1, text: '98.74% .. 100%' },
  })
})

test('what is told of a share that is not decided are the requests against it', () => {
  // 1 of 400 failed: 99.75 %, at least 98.6 %
  const failed = bad()
  const found = outcome({ success_rate: '>= 99%' }, [...many(399, good), failed])
  expect(found).toMatchObject({ status: 'inconclusive', examples: [failed.id] })
  expect(found.why).toBe(
    'expected success_rate ">= 99%", got 99.75% of 400 requests (95 % interval 98.6% .. 99.99%), too few to tell: 1 × 503 from the upstream',
  )
})

test('a share fails when its whole interval violates the claim, and the cause is told', () => {
  // 12 of 400 failed: 97 %, at most 98.3 % by Wilson
  const cut = { n: 1, status: 0, cutBy: 'per_try' as const, flags: ['UT'] }
  const timedOut = many(9, bad, {
    status: 504,
    egress: egress({ status: 504, flags: ['URX', 'UT'] }),
    attempts: [attempt(cut), attempt({ ...cut, n: 2 })],
  })
  const refused = many(3, bad, { attempts: [], egress: egress({ status: 503, rejectedBy: 'max_requests', flags: ['UO'] }) })
  const found = outcome({ success_rate: '>= 99%' }, [...refused, ...many(388, good), ...timedOut])
  expect(found).toMatchObject({ status: 'fail', seen: '97%', value: 0.97, samples: 400 })
  expect(found.why).toMatchInlineSnapshot(
    `"expected success_rate ">= 99%", got 97% of 400 requests (95 % interval 94.82% .. 98.44%): 9 × 504 cut by envoy.routes[0].retry_policy.per_try_timeout on every try, 3 × 503 refused by max_requests"`,
  )
  // one of each cause, the more frequent first, then more of that one
  expect(found.examples).toEqual([timedOut[0]?.id, refused[0]?.id, timedOut[1]?.id])
})

test.each([
  { claim: '<= 1%', failed: 0, status: 'pass' },
  { claim: '<= 1%', failed: 4, status: 'inconclusive' },
  { claim: '<= 1%', failed: 40, status: 'fail' },
  // 40 of 400: 10 %, 7.4 .. 13.3 %
  { claim: '5% .. 15%', failed: 40, status: 'pass' },
  { claim: '9% .. 15%', failed: 40, status: 'inconclusive' },
  { claim: '15% .. 20%', failed: 40, status: 'fail' },
  { claim: '> 5%', failed: 40, status: 'pass' },
  { claim: '< 5%', failed: 40, status: 'fail' },
])('error_rate $claim with $failed of 400 failed: $status', ({ claim, failed, status }) => {
  expect(outcome({ error_rate: claim }, [...many(400 - failed, good), ...many(failed, bad)]).status).toBe(status)
})

test.each([
  { claim: { success_rate: '= 100%' } },
  { claim: { success_rate: '>= 100%' } },
  { claim: { error_rate: 0 } },
  { claim: { error_rate: '<= 0%' } },
  { claim: { status: { 200: '>= 100%' } } },
  { claim: { status: { '5xx': 0 } } },
])('$claim is a claim about every request: exact, from 5 requests on', ({ claim }) => {
  expect(outcome(claim, many(5, good))).toMatchObject({ status: 'pass', interval: null })
  expect(outcome(claim, many(4, good))).toMatchObject({ status: 'inconclusive' })
  const wrong = bad()
  expect(outcome(claim, [good(), wrong])).toMatchObject({ status: 'fail', examples: [wrong.id] })
  expect(outcome(claim, [...many(10_000, good), wrong])).toMatchObject({ status: 'fail', examples: [wrong.id] })
})

test('"more than 0 %" is shown by one request, and refuted by five without any', () => {
  expect(outcome({ error_rate: '> 0%' }, [good(), bad()]).status).toBe('pass')
  expect(outcome({ error_rate: '> 0%' }, many(5, good)).status).toBe('fail')
  expect(outcome({ error_rate: '> 0%' }, many(4, good)).status).toBe('inconclusive')
})

test('status shares count by code and by class, and a request without an answer has none', () => {
  const records = [...many(2, good), ...many(1, bad), ...many(1, bad, { status: null, end: null, error: 'ECONNRESET' })]
  const seen = (key: string) => outcome({ status: { [key]: '>= 1%' } }, records).value
  expect(seen('200')).toBe(0.5)
  expect(seen('5xx')).toBe(0.25)
  expect(seen('503')).toBe(0.25)
  expect(seen('504')).toBe(0)
})

test('fault_share is what met a fault of what matched its condition, those in flight over an edge included', () => {
  const faulted = { attempts: [attempt({ hop: hop(['f0']) })] }
  const world = {
    phases: [{ name: 'p', faults: [0] }],
    faults: [{ when: [{ name: 'x-user', op: 'exact' as const, text: 'jason' }] }],
    requests: [{ headers: { 'x-user': 'jason' } }, {}],
  }
  const records = [
    ...many(10, good, faulted),
    // delayed requests are in flight at the edge more often than others: leaving them out would shrink the share
    ...many(10, good, { ...faulted, edge: true }),
    ...many(80, good),
    // these do not match: another kind of request, another cluster
    ...many(50, good, { request: 1 }),
    ...many(50, good, { egress: egress({ cluster: 'other' }) }),
  ]
  expect(outcome({ fault_share: '10% .. 30%' }, records, world)).toMatchObject({ value: 0.2, samples: 100, status: 'pass' })
})

test('a fault before the router counts in fault_share', () => {
  const world = { phases: [{ name: 'p', faults: [0] }], faults: [{ at: 'ingress' as const }] }
  expect(outcome({ fault_share: '= 100%' }, many(5, bad, { ingressFaults: ['f0'] }), world)).toMatchObject({ value: 1, status: 'pass' })
})

test('without a fault there is no fault_share', () => {
  expect(outcome({ fault_share: '<= 100%' }, many(500, good))).toMatchObject({
    status: 'inconclusive',
    seen: null,
    why: 'no request matched the condition of a fault',
  })
})

test('one more failure never turns a success_rate into a pass', () => {
  const claim = fc.constantFrom('>= 99%', '>= 95%', '> 50%', '>= 100%', '= 100%', '> 0%', '90% .. 100%')
  fc.assert(
    fc.property(claim, fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 30 }), (asked, goods, bads) => {
      const records = [...many(goods, good), ...many(bads, bad)]
      const before = outcome({ success_rate: asked }, records).status
      const after = outcome({ success_rate: asked }, [...records, bad()]).status
      if (after === 'pass') expect(before).toBe('pass')
    }),
    { seed: 7 },
  )
})
