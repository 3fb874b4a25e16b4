import fc from 'fast-check'
import type { Observations } from '../../../src/observe/observations.ts'
import type { Attempt, RequestRecord } from '../../../src/observe/record.ts'
import type { Plan } from '../../../src/plan/plan.ts'
import type { FinishedRun } from '../../../src/report/finished-run.ts'
import { endsRequest, TIMEOUTS } from '../../../src/scenario/timeouts.ts'
import type { Outcome } from '../../../src/verdict/verdict.ts'
import { plan, run, scenario } from './sample-run.ts'

/** Runs with hostile texts and extreme numbers, which a report must survive. */

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    '',
    ' ',
    'a '.repeat(100),
    'x'.repeat(200),
    '基準'.repeat(50),
    '\u001b[31mred',
    ']]>',
    '<a & "b">',
    'two\nlines',
    '\ud800 lone',
    '\uffff',
  ),
)
const number = fc.oneof(fc.double(), fc.constantFrom(0, -0, 1e15, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN))
const ms = fc.double({ min: 0, max: 1e7, noNaN: true })
const count = fc.nat(1_000_000)
const orNull = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: null })
const flags = fc.array(fc.constantFrom('UT', 'URX', 'UO', 'UF', 'UC', 'DI', 'FI', 'ZZ'), { maxLength: 3 })
const faultIds = fc.array(fc.constantFrom('brownout-1', 'unplanned-1'), { maxLength: 2 })
const status = fc.constantFrom('pass', 'fail', 'inconclusive') as fc.Arbitrary<'pass' | 'fail' | 'inconclusive'>

const outcome: fc.Arbitrary<Outcome> = fc.record({
  expectation: fc.nat(9),
  title: text,
  phase: orNull(fc.oneof(text, fc.constant('brownout'))),
  metric: text,
  asked: text,
  seen: orNull(text),
  value: orNull(number),
  interval: orNull(fc.record({ low: number, high: number, text })),
  samples: count,
  status,
  why: orNull(text),
  examples: fc.array(fc.constantFrom('r-0', 'r-1', 'r-2'), { maxLength: 3 }),
  at: fc.record({ line: fc.integer({ min: 1, max: 9999 }), col: fc.integer({ min: 1, max: 200 }) }),
})

const attempt: fc.Arbitrary<Attempt> = fc.record({
  n: fc.integer({ min: 1, max: 9 }),
  start: ms,
  durationMs: ms,
  poolMs: ms,
  status: fc.constantFrom(0, 200, 503),
  flags,
  replica: orNull(fc.integer({ min: 1, max: 3 })),
  cutBy: orNull(fc.constantFrom(...TIMEOUTS)),
  outrun: fc.boolean(),
  hop: orNull(fc.record({ start: ms, durationMs: ms, status: fc.constantFrom(0, 200, 503), flags, faults: faultIds })),
  stub: orNull(
    fc.record({ arrived: ms, started: ms, due: ms, answered: orNull(ms), status: fc.constantFrom(200, 500), busy: count, queued: count }),
  ),
})

const record: fc.Arbitrary<RequestRecord> = fc.record({
  id: fc.constantFrom('r-0', 'r-1', 'r-2', 'r-3'),
  request: fc.constantFrom(0, 1),
  phase: fc.nat(3),
  due: ms,
  sent: ms,
  end: orNull(ms),
  status: orNull(fc.constantFrom(200, 503)),
  headers: orNull(fc.constantFrom({ fields: { 'content-type': 'text/plain' } }, { kept: false as const })),
  body: orNull(fc.oneof(fc.record({ text, bytes: count, whole: fc.boolean() }), fc.constant({ binary: true as const, bytes: 3 }))),
  error: orNull(text),
  success: fc.boolean(),
  edge: fc.boolean(),
  stray: fc.boolean(),
  joined: fc.boolean(),
  calls: fc.array(
    fc.record({
      egress: fc.record({
        cluster: orNull(text),
        route: orNull(text),
        start: ms,
        durationMs: ms,
        status: fc.constantFrom(0, 200, 503),
        flags,
        details: orNull(text),
        rejectedBy: orNull(fc.constantFrom('max_requests' as const, 'max_pending_requests' as const)),
        cutBy: orNull(fc.constantFrom(...TIMEOUTS.filter(endsRequest))),
        retrySuppressedBy: orNull(fc.constantFrom('max_retries' as const, 'retry_budget' as const)),
      }),
      attempts: fc.array(attempt, { maxLength: 4 }),
      ingressFaults: faultIds,
    }),
    { maxLength: 3 },
  ),
})

const tail = fc.record({ p99: number, max: number })
const observations: fc.Arbitrary<Observations> = fc.record({
  records: fc.array(record, { maxLength: 5 }),
  foreignCalls: count,
  ejections: fc.constant([]),
  counters: fc.array(fc.record({ name: text, total: count, phases: fc.array(number, { maxLength: 4 }) }), { maxLength: 3 }),
  phases: fc.array(
    fc.record({
      name: text,
      from: number,
      to: number,
      complete: fc.boolean(),
      applied: number,
      lateness: tail,
      envoyLag: tail,
      stubLag: tail,
      stalls: fc.constant([]),
      ejections: fc.dictionary(fc.constantFrom('inventory', 'cart'), count),
      connectionOverflows: fc.dictionary(fc.constantFrom('inventory', 'cart'), count),
    }),
    { maxLength: 4 },
  ),
  faults: fc.array(
    fc.record({
      id: fc.constantFrom('brownout-1', 'unplanned-1'),
      phase: fc.nat(3),
      matched: count,
      met: count,
      counted: count,
      inferred: count,
      doubt: orNull(text),
    }),
    { maxLength: 10 },
  ),
  unsound: fc.array(text, { maxLength: 2 }),
  notes: fc.array(text, { maxLength: 2 }),
})

const ended: fc.Arbitrary<NonNullable<FinishedRun['ended']>> = fc.oneof(
  fc.record({ by: fc.constant('interrupt' as const), signal: fc.constantFrom('SIGINT' as const, 'SIGTERM' as const, 'SIGHUP' as const) }),
  fc.record({ by: fc.constant('environment' as const), message: text, hint: orNull(text), detail: fc.array(text, { maxLength: 3 }) }),
)

const requests: Plan['requests'] = [
  ...plan.requests,
  { name: 'by status', method: 'POST', path: '/pay', headers: {}, body: undefined, uploadMs: 0, successStatus: [503] },
]

export const anyRun: fc.Arbitrary<FinishedRun> = fc
  .record({
    name: text,
    observations: orNull(observations),
    ended: orNull(ended),
    happened: fc.array(
      fc.record(
        { phase: orNull(text), fromMs: number, toMs: number, text, setting: text },
        { requiredKeys: ['phase', 'fromMs', 'toMs', 'text'] },
      ),
      { maxLength: 6 },
    ),
    outcomes: fc.array(outcome, { maxLength: 60 }),
    status: fc.oneof(status, fc.constant('error' as const)),
    durationMs: number,
    loadMs: number,
    warnings: fc.array(text, { maxLength: 2 }),
    envoy: orNull(fc.record({ path: text, version: orNull(text), source: text })),
  })
  .map(({ name, status, outcomes, ...rest }) =>
    run({
      ...rest,
      directory: 'out',
      command: ['chaos'],
      scenario: scenario({ name }),
      plan: { ...plan, requests },
      verdict: { status, outcomes },
    }),
  )
