import { expect, test } from 'vitest'
import { EXIT_CODE_HEADER } from '../../../src/plan/run-answer.ts'
import { METRIC_NAMES } from '../../../src/scenario/expect-schema.ts'
import { judge } from '../../../src/verdict/judge.ts'
import { good as answered, many, outcomes, type World, world } from './records.ts'

/** Each metric with a claim that clean requests satisfy. */
const CLAIMS: Record<string, object> = {
  success_rate: { success_rate: '>= 90%' },
  'success_rate, exact': { success_rate: '= 100%' },
  error_rate: { error_rate: '<= 10%' },
  'error_rate, exact': { error_rate: 0 },
  status: { status: 200 },
  'status, map': { status: { '2xx': '>= 90%', 503: 0 } },
  grpc_status: { grpc_status: 'OK' },
  'grpc_status, map': { grpc_status: { OK: '>= 90%', UNAVAILABLE: 0 } },
  exit_code: { exit_code: 0 },
  'exit_code, map': { exit_code: { 0: '>= 90%', 1: 0 } },
  output: { output: { contains: 'stock', lacks: 'error' } },
  p50: { p50: '<= 1s' },
  p90: { p90: '<= 1s' },
  p95: { p95: '<= 1s' },
  p99: { p99: '<= 1s' },
  'p99.9': { 'p99.9': '<= 1s' },
  goodput: { goodput: '>= 100/s' },
  max: { max: '<= 1s' },
  latency: { latency: '<= 1s' },
  'latency, a floor': { latency: '>= 10ms' },
  headers: { headers: { 'content-type': { contains: 'json' } } },
  'headers, all forms': {
    headers: {
      'content-type': 'application/json',
      'Content-Type': { matches: '^application/' },
      date: { present: true },
      'x-powered-by': { absent: true },
    },
  },
  body: { body: { contains: 'stock' } },
  'body, positive forms': { body: { equals: '{"stock":3}', matches: 'k":\\d', json: { stock: 3 }, path: { '$.stock': 3 } } },
  'body, negative forms': { body: { lacks: ['error', 'Exception'], no_path: '$.error', stack_trace: false } },
  attempts: { attempts: 1 },
  attempts_per_request: { attempts_per_request: '<= 1.2' },
  retry_amplification: { retry_amplification: '<= 1' },
  retries: { retries: 0 },
  retries_suppressed: { retries_suppressed: 0 },
  timeouts: { timeouts: 0 },
  'timeouts, map': { timeouts: { route: 0, per_try: 0, connect: 0 } },
  breaker_rejections: { breaker_rejections: 0 },
  'breaker_rejections, map': { breaker_rejections: { max_requests: 0, max_pending_requests: 0 } },
  spare_rejections: { spare_rejections: 0 },
  ejections: { ejections: 0 },
  fault_share: { fault_share: '<= 10%' },
  recovers_within: { recovers_within: '1s' },
}
const EACH = Object.entries(CLAIMS).map(([metric, claim]) => ({ metric, claim: { phase: 'recovery', ...claim } }))

/** An answer as a server gives it, and one that says how a run ended, or a gRPC call. */
const good: typeof answered = (parts) => {
  const record = answered(parts)
  const fields = record.headers !== null && 'fields' in record.headers ? record.headers.fields : {}
  return { ...record, grpcStatus: 0, headers: { fields: { ...fields, [EXIT_CODE_HEADER]: '0' } } }
}

/** Clean requests in all phases. The fault of the last phase matches all of them, and met others. */
const CLEAN: Omit<World, 'expect'> = {
  phases: [{ name: 'baseline' }, { name: 'outage', faults: [0] }, { name: 'recovery', ms: 3000, faults: [1] }],
  faults: [{}, {}],
  records: [...many(400, good), ...many(400, good, { phase: 1 }, [1000, 2000]), ...many(3700, good, { phase: 2 }, [2000, 5000])],
}
const changed = (seen: object): Omit<World, 'expect'> => ({
  ...CLEAN,
  phases: CLEAN.phases?.map((phase) => (phase.name === 'recovery' ? { ...phase, seen } : phase)) ?? [],
})

const statuses = (parts: World) => outcomes(parts).map((outcome) => outcome.status)

test('the table has every metric', () => {
  expect(new Set(Object.keys(CLAIMS).map((key) => key.split(',')[0]))).toEqual(new Set(METRIC_NAMES))
})

test.each(EACH)('$metric passes on clean evidence, so the other tables mean something', ({ claim }) => {
  expect(new Set(statuses({ ...CLEAN, expect: [claim] }))).toEqual(new Set(['pass']))
})

test.each(EACH)('$metric is inconclusive without requests', ({ claim }) => {
  for (const expected of [claim, { ...claim, phase: undefined }])
    expect(new Set(statuses({ ...CLEAN, records: [], load: { due: [] }, expect: [expected] }))).toEqual(new Set(['inconclusive']))
})

test.each(EACH)('$metric is inconclusive when no phase has its name', ({ claim }) => {
  expect(new Set(statuses({ ...CLEAN, expect: [{ ...claim, phase: 'none such' }] }))).toEqual(new Set(['inconclusive']))
})

test.each(EACH)('$metric is inconclusive when the selection is empty', ({ metric, claim }) => {
  const expected = metric === 'ejections' ? { ...claim, cluster: 'unknown' } : { ...claim, request: 'none such' }
  expect(new Set(statuses({ ...CLEAN, expect: [expected] }))).toEqual(new Set(['inconclusive']))
})

const unsent = good({ phase: 2, due: 2500, end: null, status: null, error: 'connect EMFILE', success: false, egress: null, attempts: [] })

const TROUBLE: { what: string; world: Omit<World, 'expect'>; says: string }[] = [
  { what: 'an interrupted phase', world: changed({ complete: false }), says: 'was cut short' },
  { what: 'unsound evidence', world: { ...CLEAN, unsound: ['two sources disagree'] }, says: 'two sources disagree' },
  { what: 'a doubt about a fault', world: { ...CLEAN, evidence: [{}, { doubt: 'it missed its share' }] }, says: 'it missed its share' },
  { what: 'a fault that was never met', world: { ...CLEAN, evidence: [{}, { met: 0 }] }, says: 'was never met' },
  { what: 'a fault without evidence', world: { ...CLEAN, evidence: [{}, { id: 'another' }] }, says: 'left no evidence' },
  {
    what: 'a load generator that lagged',
    world: changed({ lateness: { p99: 50.1, max: 80 } }),
    says: 'load generator was starved in phase "recovery": 1 % of the requests left 50.1ms late',
  },
  { what: 'a lag that was not measured', world: changed({ lateness: { p99: Number.NaN, max: 0 } }), says: 'load generator was starved' },
  { what: 'stubs that lagged', world: changed({ stubLag: { p99: 51, max: 51 } }), says: 'stub upstreams were starved' },
  { what: 'an Envoy that lagged', world: changed({ envoyLag: { p99: 51, max: 51 } }), says: 'Envoy was starved' },
  {
    what: 'requests that never came to Envoy',
    world: { ...CLEAN, records: [...(CLEAN.records ?? []), unsent] },
    says: "the harness's own failure (connect EMFILE)",
  },
  {
    what: 'requests that came to the faults of another phase',
    world: { ...CLEAN, records: (CLEAN.records ?? []).map((record, index) => ({ ...record, stray: index % 50 === 0 })) },
    says: 'came so late to the place of its faults',
  },
  {
    what: 'requests that were never made',
    world: { ...CLEAN, load: { due: many(3750, good, {}, [2000, 5000]).map((record) => record.due) } },
    says: 'only 3700 of the 3,750 requests planned',
  },
]

test.each(TROUBLE.flatMap((trouble) => EACH.map((each) => ({ ...trouble, ...each }))))(
  '$metric is inconclusive with $what',
  ({ claim, world: troubled, says }) => {
    const found = outcomes({ ...troubled, expect: [claim] })
    expect(new Set(found.map((outcome) => outcome.status))).toEqual(new Set(['inconclusive']))
    for (const outcome of found) expect(outcome.why).toContain(says)
    // Claims about the whole run inherit the trouble of any phase.
    expect(statuses({ ...troubled, expect: [{ ...claim, phase: undefined }] })).not.toContain('pass')
  },
)

test('what to do about a busy machine is said once, whatever it starved', () => {
  const lag = { p99: 51, max: 51 }
  const busy = changed({ lateness: lag, envoyLag: lag, stubLag: lag })
  const [found] = outcomes({ ...busy, expect: [{ phase: 'recovery', max: '<= 1ms' }] })
  expect(found?.why).toMatch(
    /load generator was starved.*Envoy was starved.*stub upstreams were starved.*; free the CPU or lower load\.rate$/,
  )
  expect(found?.why?.match(/free the CPU/g)).toHaveLength(1)
})

test('trouble bars failing as well, and spares the other phases', () => {
  const expect_ = [
    { phase: 'recovery', max: '<= 1ms' },
    { phase: 'baseline', max: '<= 1ms' },
  ]
  expect(statuses({ ...changed({ lateness: { p99: 51, max: 51 } }), expect: expect_ })).toEqual(['inconclusive', 'fail'])
})

test('a lag at the limit is accepted', () => {
  expect(
    statuses({
      ...changed({ lateness: { p99: 50, max: 500 }, stubLag: { p99: 50, max: 500 } }),
      expect: [{ phase: 'recovery', success_rate: '>= 99%' }],
    }),
  ).toEqual(['pass'])
})

test('the verdict is the worst of its outcomes, and nothing judged is nothing passed', () => {
  const status = (claims: object[]) => {
    const { scenario, plan, observations } = world({ ...CLEAN, expect: claims })
    return judge(scenario, plan, observations).status
  }
  const [pass, fail, unsure] = [
    { phase: 'baseline', retries: 0 },
    { phase: 'baseline', retries: '>= 1' },
    { phase: 'baseline', success_rate: '>= 99.9%' },
  ]
  expect(status([pass])).toBe('pass')
  expect(status([pass, unsure])).toBe('inconclusive')
  expect(status([unsure, fail, pass])).toBe('fail')
  expect(status([])).toBe('inconclusive')
})

test('an outcome says what it is about, by the name of the user or by its parts', () => {
  const found = outcomes({
    ...CLEAN,
    expect: [
      { name: 'all is well', phase: 'baseline', retries: 0 },
      { phase: 'outage', given: { fault: 'abort' }, timeouts: { per_try: 0 } },
    ],
  })
  expect(found[0]).toMatchObject({
    expectation: 0,
    title: 'all is well',
    phase: 'baseline',
    metric: 'retries',
    asked: '0',
    at: { line: 3 },
  })
  expect(found[1]).toMatchObject({
    expectation: 1,
    title: 'outage · given fault abort · timeouts.per_try',
    metric: 'timeouts.per_try',
    at: { line: 4 },
  })
})

test('a claim on what comes after a fault is inconclusive when the fault is in doubt', () => {
  const doubtful = { ...CLEAN, evidence: [{ met: 0 }, {}] }
  expect(statuses({ ...doubtful, expect: [{ phase: 'recovery', success_rate: '>= 99%' }] })).toEqual(['inconclusive'])
})

test('a run of which a planned fault did not happen is no pass, even where each outcome is', () => {
  const { scenario, plan, observations } = world({ ...CLEAN, evidence: [{ met: 0 }, {}], expect: [{ phase: 'baseline', retries: 0 }] })
  expect(judge(scenario, plan, observations)).toMatchObject({ status: 'inconclusive', outcomes: [{ status: 'pass' }] })
})
