import { expect, test } from 'vitest'
import { attempt, bad, egress, good, many, outcome, outcomes } from './records.ts'

const tries = (count: number, parts: Parameters<typeof attempt>[0] = {}) =>
  Array.from({ length: count }, (_, index) => attempt({ n: index + 1, ...parts }))
const RETRY_TWICE = { routes: [{ match: { prefix: '/' }, cluster: 'inventory', retry_policy: { retry_on: ['5xx'], num_retries: 2 } }] }

test('retries are the attempts after the first', () => {
  // 3 requests with 3 attempts: 6; one that a breaker refused has none, not -1
  const records = [...many(3, good, { attempts: tries(3) }), ...many(10, good), bad({ attempts: [] })]
  expect(outcome({ retries: 6 }, records)).toMatchObject({ status: 'pass', value: 6, interval: null, samples: 14 })
  expect(outcome({ retries: '<= 5' }, records)).toMatchObject({ status: 'fail', examples: records.slice(0, 3).map((record) => record.id) })
})

test('a retry that was suppressed is counted by its call', () => {
  // 4 requests that ended with their first answer; one that a breaker refused had no retry to be suppressed.
  const suppressed = many(4, bad, { egress: egress({ status: 503, retrySuppressedBy: 'max_retries' }) })
  const records = [...suppressed, ...many(10, good), bad({ egress: egress({ rejectedBy: 'max_requests' }), attempts: [] })]
  expect(outcome({ retries_suppressed: 4 }, records)).toMatchObject({ status: 'pass', value: 4, samples: 15 })
  expect(outcome({ retries_suppressed: 0 }, records)).toMatchObject({
    status: 'fail',
    examples: suppressed.slice(0, 3).map(({ id }) => id),
  })
})

test('timeouts are counted by limit, and an attempt that the route cut is not counted twice', () => {
  const route = many(2, bad, {
    egress: egress({ cutBy: 'route' }),
    attempts: [attempt({ cutBy: 'per_try' }), attempt({ n: 2, cutBy: 'route' })],
  })
  const connect = many(3, bad, { attempts: [attempt({ cutBy: 'connect' })] })
  const records = [...route, ...connect, ...many(10, good)]
  const claims = outcomes({ expect: [{ timeouts: { route: 2, per_try: 2, connect: 3 } }, { timeouts: 7 }], records })
  expect(claims.map((claim) => [claim.metric, claim.value, claim.status])).toEqual([
    ['timeouts.route', 2, 'pass'],
    ['timeouts.per_try', 2, 'pass'],
    ['timeouts.connect', 3, 'pass'],
    ['timeouts', 7, 'pass'],
  ])
})

test('breaker rejections are counted by limit and show the refused requests', () => {
  const refused = (by: 'max_requests' | 'max_pending_requests') => ({ attempts: [], egress: egress({ status: 503, rejectedBy: by }) })
  const records = [...many(10, good), ...many(3, bad, refused('max_requests')), ...many(1, bad, refused('max_pending_requests'))]
  expect(outcome({ breaker_rejections: { max_requests: 3 } }, records)).toMatchObject({
    metric: 'breaker_rejections.max_requests',
    status: 'pass',
  })
  expect(outcome({ breaker_rejections: { max_pending_requests: '>= 1' } }, records).status).toBe('pass')
  const found = outcome({ breaker_rejections: 0 }, records)
  expect(found).toMatchObject({ status: 'fail', value: 4, examples: [records[10]?.id, records[13]?.id, records[11]?.id] })
  expect(found.why).toMatchInlineSnapshot(
    `"expected breaker_rejections "0", got 4 in 14 requests; the 4 requests with any ended as 3 × 503 refused by max_requests, 1 × 503 refused by max_pending_requests"`,
  )
})

test('what silence would satisfy needs five requests; what happened needs only itself', () => {
  expect(outcome({ retries: 0 }, many(4, good)).status).toBe('inconclusive')
  expect(outcome({ retries: '<= 3' }, many(4, good)).status).toBe('inconclusive')
  expect(outcome({ retries: 0 }, many(5, good)).status).toBe('pass')
  expect(outcome({ retries: '>= 1' }, [good({ attempts: tries(2) })]).status).toBe('pass')
})

test('ejections come from the statistics of whole phases, by cluster or summed', () => {
  const phases = [
    { name: 'a', seen: { ejections: { inventory: 1, prices: 2 } } },
    { name: 'b', seen: { ejections: { inventory: 4, prices: 8 } } },
  ]
  const records = [...many(10, good), ...many(10, good, { phase: 1 }, [1000, 2000])]
  const value = (claim: object) => outcome(claim, records, { phases }).value
  expect(value({ phase: 'b', cluster: 'inventory', ejections: 4 })).toBe(4)
  expect(value({ phase: 'b', ejections: 12 })).toBe(12)
  expect(value({ ejections: 15 })).toBe(15)
  expect(value({ phase: 'a', settle: '999ms', ejections: 3 })).toBe(3)
})

test('ejections of a cluster that the statistics do not name are not zero', () => {
  expect(outcome({ cluster: 'unknown', ejections: 0 }, many(10, good))).toMatchObject({ status: 'inconclusive', seen: null })
  expect(outcome({ ejections: 0 }, many(10, good), { phases: [{ name: 'p', seen: { ejections: {} } }] }).status).toBe('inconclusive')
})

test('attempts per request is judged by an interval that knows what the policy allows', () => {
  // 100 of 1,000 tried twice: 1.1; of a second try at most 12.03 %, of a third at most z²/(n + z²) = 0.38 %
  const records = [...many(900, good), ...many(100, good, { attempts: tries(2) })]
  const judged = (asked: string) => outcome({ attempts_per_request: asked }, records, { envoy: RETRY_TWICE })
  expect(judged('<= 1.2')).toMatchObject({ status: 'pass', seen: '1.1', value: 1.1 })
  expect(judged('<= 1.12').status).toBe('inconclusive')
  expect(judged('<= 1.05').status).toBe('fail')
  expect(judged('1.05 .. 1.15').status).toBe('pass')
})

test('a few requests without a retry do not show that retries are rare', () => {
  expect(outcome({ attempts_per_request: '<= 1.0001' }, many(3, good)).status).toBe('inconclusive')
  expect(outcome({ attempts_per_request: '<= 1.0001' }, many(3000, good)).status).toBe('inconclusive')
})

test('"at most 1" says that no request was tried again: exact, and one second try refutes it', () => {
  expect(outcome({ retry_amplification: '<= 1' }, many(5, good)).status).toBe('pass')
  expect(outcome({ retry_amplification: '<= 1' }, many(4, good)).status).toBe('inconclusive')
  expect(outcome({ retry_amplification: '<= 1' }, [...many(5000, good), good({ attempts: tries(2) })]).status).toBe('fail')
})

test('"at least 3" is shown by requests that were each tried three times', () => {
  const judged = (records: ReturnType<typeof many>) => outcome({ attempts_per_request: '>= 3' }, records, { envoy: RETRY_TWICE }).status
  expect(judged(many(5, bad, { attempts: tries(3) }))).toBe('pass')
  expect(judged(many(4, bad, { attempts: tries(3) }))).toBe('inconclusive')
  // With 3 tries at most, one request with fewer cannot be made up for: the mean is below 3.
  expect(judged([...many(5, bad, { attempts: tries(3) }), good()])).toBe('fail')
})

test('retry amplification leaves out the refused requests, but not the attempts they had made', () => {
  const refused = egress({ status: 503, rejectedBy: 'max_requests' })
  // 40 attempts of 20 requests, 5 refused at once, 5 refused after one attempt: (40 + 5) / 20
  const records = [
    ...many(20, good, { attempts: tries(2) }),
    ...many(5, bad, { attempts: [], egress: refused }),
    ...many(5, bad, { egress: refused }),
  ]
  expect(outcome({ retry_amplification: '<= 4' }, records)).toMatchObject({ value: 2.25, samples: 20 })
  // (40 + 5) / 30
  expect(outcome({ attempts_per_request: '<= 4' }, records)).toMatchObject({ value: 1.5, samples: 30 })
})

test('when a breaker refused every request there is no amplification', () => {
  const records = many(50, bad, { attempts: [], egress: egress({ rejectedBy: 'max_requests' }) })
  expect(outcome({ retry_amplification: '<= 1.2' }, records)).toMatchObject({
    status: 'inconclusive',
    why: 'no request came as far as the upstream',
  })
})

test('requests that a fault before the router aborted do not water down the attempts of the others', () => {
  // 50 of 3 attempts each; the other 50 never came to the router: 3, not 1.5
  const aborted = many(50, bad, { attempts: [], egress: egress({ details: 'fault_filter_abort' }), ingressFaults: ['f0'] })
  const records = [...aborted, ...many(50, bad, { attempts: tries(3) })]
  expect(outcome({ retry_amplification: '<= 1.6' }, records, { envoy: RETRY_TWICE })).toMatchObject({ status: 'fail', value: 3 })
  expect(outcome({ attempts_per_request: '<= 1.6' }, records, { envoy: RETRY_TWICE })).toMatchObject({ status: 'fail', value: 3 })
})

test('attempts and a bare status must hold for every request', () => {
  const records = many(100, bad, { attempts: tries(3) })
  expect(outcome({ attempts: 3 }, records)).toMatchObject({ status: 'pass', seen: '3', value: 3 })
  expect(outcome({ status: 503 }, records)).toMatchObject({ status: 'pass', seen: '503', asked: '503' })
  const odd = bad({ status: null, end: null, error: 'ECONNRESET', attempts: tries(2) })
  const found = outcome({ status: 503 }, [...records, odd])
  expect(found).toMatchObject({ status: 'fail', seen: '503 (100 ×), no answer (1 ×)', examples: [odd.id] })
  expect(found.why).toBe('expected status "503" of every request, got no answer at 1 of 101 requests: 1 × no answer (ECONNRESET)')
  expect(outcome({ attempts: 3 }, [...records, odd]).status).toBe('fail')
  expect(outcome({ attempts: '<= 3' }, [...records, odd]).status).toBe('pass')
  expect(outcome({ attempts: 3 }, records.slice(0, 4)).status).toBe('inconclusive')
})

test('a count that a stall made is inconclusive, one that holds without it is not', () => {
  // 2 refused while something stood still, 3 in calm
  const refused = { egress: egress({ rejectedBy: 'max_requests' }) } as const
  const records = [...many(20, good), ...many(2, bad, refused, [500, 510]), ...many(3, bad, refused, [800, 900])]
  const stalled = { phases: [{ name: 'p', seen: { stalls: [{ from: 480, to: 520, until: 520 }] } }] }
  const judged = (asked: string) => outcome({ phase: 'p', breaker_rejections: asked }, records, stalled).status
  expect(judged('>= 3')).toBe('pass')
  expect(judged('>= 4')).toBe('inconclusive')
  expect(judged('<= 4')).toBe('inconclusive')
  expect(judged('<= 2')).toBe('fail')
})

test('a request without an answer is over when Envoy had ended it, or else never, for all that is known', () => {
  // Cut off in the middle of its answer at 250 ms; the caller hears of it 1 s later at the most.
  const broken = (details: string) =>
    many(5, () =>
      bad({ end: null, status: null, error: 'broke off', egress: egress({ start: 0, durationMs: 250, cutBy: 'route', details }) }),
    )
  const judged = (details: string, from: number) =>
    outcome({ phase: 'p', timeouts: '>= 5' }, broken(details), {
      phases: [{ name: 'p', seen: { stalls: [{ from, to: from + 50, until: from + 50 }] } }],
    }).status
  expect(judged('response_timeout', 1300)).toBe('pass')
  expect(judged('response_timeout', 1200)).toBe('inconclusive')
  expect(judged('via_upstream', 1300)).toBe('inconclusive')
})

test('a slowest request that a stall made slow shows nothing', () => {
  const records = [...many(20, good), good({ due: 500, end: 900 })]
  const judged = (stalls: { from: number; to: number }[]) =>
    outcome({ phase: 'p', max: '>= 300ms' }, records, {
      phases: [{ name: 'p', seen: { stalls: stalls.map((stall) => ({ ...stall, until: stall.to })) } }],
    })
  expect(judged([]).status).toBe('pass')
  expect(judged([{ from: 480, to: 520 }])).toMatchObject({ status: 'inconclusive', why: expect.stringContaining('stood still') })
})
