import fc from 'fast-check'
import { expect, test } from 'vitest'
import { undecidable } from '../../../src/verdict/decidable.ts'
import { good, many, outcome, type World, world } from './records.ts'

/** Phases of 2 s at `rate` requests a second; the kinds of request take turns. */
function refused(
  claim: object,
  {
    rate = 200,
    kinds = 1,
    clusterOf,
    ...more
  }: Partial<World> & { rate?: number; kinds?: number; clusterOf?: (request: number) => string | undefined } = {},
) {
  const phases = more.phases ?? [
    { name: 'baseline', ms: 2000 },
    { name: 'outage', ms: 2000, faults: [0] },
    { name: 'recovery', ms: 2000 },
  ]
  const length = phases.reduce((sum, phase) => sum + (phase.ms ?? 1000), 0)
  const due = Array.from({ length: (length * rate) / 1000 }, (_, index) => (index * 1000) / rate)
  const { scenario, plan } = world({
    faults: [{ percent: 10 }],
    load: { due, request: due.map((_, index) => index % kinds) },
    ...more,
    phases,
    expect: [claim],
  })
  return undecidable(scenario, plan, clusterOf)
}

test('a share that needs more requests than the phase has is refused with what to change', () => {
  // 3,838 clean ones are needed; 400 come in 2 s, so 3,839 in 19.2 s; 400 / 403.84 = 99.05 % can be shown
  expect(refused({ phase: 'baseline', success_rate: '>= 99.9%' })).toEqual([
    {
      path: ['expect', 0, 'success_rate'],
      message: 'success_rate ">= 99.9%" needs 3,838 clean requests to be decided at 95 % confidence; phase "baseline" has 400',
      hint: 'make it 20s long, raise load.rate, or ask for >= 99%',
    },
  ])
  expect(refused({ phase: 'baseline', success_rate: '>= 99%' })).toEqual([])
})

test('the claim that the hint proposes is decidable', () => {
  expect(refused({ phase: 'baseline', error_rate: '<= 0.1%' })[0]?.hint).toContain('ask for <= 1%')
  expect(refused({ phase: 'baseline', error_rate: '<= 1%' })).toEqual([])
})

test.each([
  { claim: { p99: '<= 150ms' }, rate: 183, refuses: true }, // 366 < 368
  { claim: { p99: '<= 150ms' }, rate: 200, refuses: false },
  { claim: { p50: '<= 150ms' }, rate: 3, refuses: false }, // 6
  { claim: { p50: '<= 150ms' }, rate: 2, refuses: true },
  { claim: { max: '<= 150ms' }, rate: 2, refuses: true }, // 4 < 5
  { claim: { status: 200 }, rate: 2, refuses: true },
  { claim: { success_rate: '= 100%' }, rate: 2.5, refuses: false }, // 5
  { claim: { retries: 0 }, rate: 2, refuses: true },
  { claim: { retries: '>= 1' }, rate: 2, refuses: false },
  { claim: { ejections: 0 }, rate: 2, refuses: true },
  { claim: { attempts_per_request: '<= 1' }, rate: 2, refuses: true },
  { claim: { attempts_per_request: '<= 1' }, rate: 2.5, refuses: false },
  // Two tries at most: z²/(n + z²) <= 1 % needs 381
  { claim: { retry_amplification: '<= 1.01' }, rate: 180, refuses: true },
  { claim: { retry_amplification: '<= 1.01' }, rate: 200, refuses: false },
  { claim: { status: { 200: '>= 99%', 503: '<= 1%' } }, rate: 200, refuses: false },
  { claim: { breaker_rejections: '>= 21' }, rate: 10, refuses: true }, // of 20 requests
  { claim: { breaker_rejections: '>= 20' }, rate: 10, refuses: false },
  { claim: { spare_rejections: '>= 21' }, rate: 10, refuses: true },
])('$claim at $rate a second for 2 s: refused $refuses', ({ claim, rate, refuses }) => {
  expect(refused({ phase: 'baseline', ...claim }, { rate }).length > 0).toBe(refuses)
})

test.each(['>= 95%', '> 90%', '<= 20%', '10% .. 30%', '= 100%', '< 2%'])(
  'success_rate %s is refused exactly when the best run of that size would not pass it',
  (asked) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), (n) => {
        const isRefused = refused({ phase: 'p', success_rate: asked }, { phases: [{ name: 'p', ms: n }], rate: 1000 }).length > 0
        const best = Array.from({ length: n + 1 }, (_, hits) => hits).some((hits) => {
          const records = many(n, good).map((record, index) => (index < hits ? record : { ...record, success: false, status: 500 }))
          return outcome({ success_rate: asked }, records).status === 'pass'
        })
        expect(isRefused).toBe(!best)
      }),
      { seed: 8, numRuns: 15 },
    )
  },
)

test('settle, the request, its headers and its cluster leave fewer', () => {
  const requests = [{ name: 'list' }, { name: 'buy', headers: { 'x-user': 'jason' } }]
  const more = { requests, kinds: 2, clusterOf: (request: number) => ['inventory', 'prices'][request] }
  // 400 requests show 99 %; 200 do not (98.1 %)
  const claim = { phase: 'baseline', success_rate: '>= 99%' }
  expect(refused(claim, more)).toEqual([])
  for (const narrow of [{ settle: '500ms' }, { request: 'buy' }, { given: { header: { 'X-User': 'jason' } } }, { cluster: 'prices' }])
    expect(refused({ ...claim, ...narrow }, more), JSON.stringify(narrow)).toHaveLength(1)
  expect(refused({ ...claim, settle: '500ms' })[0]?.message).toContain('has 200')
  // 382 at 200 a second: 1.91 s, and 0.5 s left out at either end
  expect(refused({ ...claim, settle: '500ms' })[0]?.hint).toContain('make it 3s long')
})

test('given.fault leaves the share that the fault asks for', () => {
  // 10 % of 400: 40, which show 40 / 43.84 = 91.2 %
  expect(refused({ phase: 'outage', given: { fault: 'abort' }, success_rate: '>= 90%' })).toEqual([])
  expect(refused({ phase: 'outage', given: { fault: 'abort' }, success_rate: '>= 92%' })[0]?.message).toContain('has 40')
  expect(refused({ phase: 'outage', given: { fault: 'none' }, success_rate: '>= 99%' })[0]?.message).toContain('has 360')
})

test.each([
  { claim: { phase: 'outage', given: { fault: 'delay' }, status: 503 }, hint: 'the faults of the phase do not include one of kind delay' },
  { claim: { phase: 'baseline', given: { fault: 'any' }, status: 503 }, hint: 'the faults of the phase do not include one' },
  { claim: { phase: 'baseline', fault_share: '>= 5%' }, hint: 'it needs a phase with a fault' },
  {
    claim: { phase: 'outage', given: { header: { 'x-user': 'ann' } }, status: 503 },
    hint: 'no request of load.requests is sent with x-user: ann',
  },
  { claim: { phase: 'outage', settle: '2s', status: 503 }, hint: 'settle leaves out the whole phase' },
])('$claim would be about no request', ({ claim, hint }) => {
  const [found] = refused(claim)
  expect(found?.message).toContain('would be about no request in phase')
  expect(found?.hint).toContain(hint)
})

test.each([
  { claim: { error_rate: '<= 100%' }, says: 'can never fail' },
  { claim: { success_rate: '>= 0%' }, says: 'can never fail' },
  { claim: { success_rate: '0% .. 100%' }, says: 'can never fail' },
  { claim: { retries: '>= 0' }, says: 'can never fail' },
  { claim: { attempts: '>= 0' }, says: 'can never fail' },
  { claim: { p99: '>= 0ms' }, says: 'can never fail' },
  { claim: { success_rate: '> 100%' }, says: 'can never hold' },
  { claim: { error_rate: '< 0%' }, says: 'can never hold' },
  { claim: { retries: '< 0' }, says: 'can never hold' },
  { claim: { fault_share: '10% .. 10%' }, says: 'no number of requests decides' },
])('$claim $says', ({ claim, says }) => {
  expect(refused({ phase: 'outage', ...claim })[0]?.message).toContain(says)
})

test('ejections cannot be asked of single requests', () => {
  expect(refused({ phase: 'outage', given: { fault: 'abort' }, ejections: 1 })[0]?.message).toBe(
    'ejections are counted by cluster and phase, not by request',
  )
})

test.each([
  { what: 'enough of everything', claim: { phase: 'recovery', recovers_within: '1s' }, says: undefined },
  { what: 'no phase', claim: { recovers_within: '1s' }, says: 'needs a phase' },
  { what: 'too short a phase', claim: { phase: 'recovery', recovers_within: '1.5s' }, says: 'needs a phase of at least 2.5s' },
  {
    what: 'too few requests',
    claim: { phase: 'recovery', recovers_within: '1s' },
    rate: 39,
    says: 'needs 20 requests in each window of 500ms; phase "recovery" has 19.5',
  },
  { what: 'no fault before it', claim: { phase: 'outage', recovers_within: '1s' }, says: 'has no fault to recover from' },
  {
    what: 'no baseline',
    claim: { phase: 'recovery', recovers_within: '1s' },
    phases: [
      { name: 'outage', ms: 2000, faults: [0] },
      { name: 'recovery', ms: 2000 },
    ],
    says: 'there is no baseline',
  },
  {
    what: 'too short a baseline',
    claim: { phase: 'recovery', recovers_within: '1s' },
    phases: [
      { name: 'short', ms: 50 },
      { name: 'outage', ms: 2000, faults: [0] },
      { name: 'recovery', ms: 2000 },
    ],
    says: 'compares with the baseline, phase "short", which has 10',
  },
])('recovers_within with $what: $says', ({ claim, says, what: _, ...more }) => {
  const found = refused(claim, more)
  if (says === undefined) expect(found).toEqual([])
  else expect(found[0]?.message).toContain(says)
})

test('a phase that does not exist is for the check of names to report', () => {
  expect(refused({ phase: 'none such', success_rate: '>= 99%' })).toEqual([])
})

test('each claim of each expectation is refused on its own', () => {
  expect(
    refused({ phase: 'baseline', success_rate: '>= 99.99%', p99: '<= 1s', status: { 503: '<= 0.01%', 200: '>= 50%' } }).map(
      (each) => each.path,
    ),
  ).toEqual([
    ['expect', 0, 'success_rate'],
    ['expect', 0, 'status', '503'],
  ])
})

test.each([
  [{ phase: 'baseline', success_rate: '>= 99.9%' }],
  [{ phase: 'baseline', p99: '<= 150ms' }],
  [{ phase: 'recovery', recovers_within: '500ms' }],
  [{ phase: 'outage', breaker_rejections: '>= 1000000' }],
  [{ phase: 'outage', given: { fault: 'abort' }, status: 503 }],
])('in a closed loop nobody knows how many requests there will be, so %j is left to the run', (claim) => {
  expect(refused(claim, { load: 'closed' })).toEqual([])
})

test.each([
  [{ phase: 'baseline', given: { fault: 'abort' }, status: 503 }, 'would be about no request in phase "baseline"'],
  [{ phase: 'baseline', settle: '1s', success_rate: '>= 99%' }, 'would be about no request in phase "baseline"'],
  [{ phase: 'baseline', success_rate: '>= 0%' }, 'can never fail'],
  [{ phase: 'recovery', recovers_within: '1900ms' }, 'needs a phase of at least'],
])('but what is impossible or pointless anyway is refused: %j', (claim, why) => {
  expect(refused(claim, { load: 'closed' })[0]?.message).toContain(why)
})
