import type { Counter, FaultEvidence, Observations, PhaseObservation } from '../../../src/observe/observations.ts'
import type { Attempt, Call, Egress, RequestRecord } from '../../../src/observe/record.ts'
import type { Plan } from '../../../src/plan/plan.ts'
import type { PhasePrediction, Prediction } from '../../../src/predict/predict.ts'
import type { FinishedRun } from '../../../src/report/finished-run.ts'
import type { Scenario } from '../../../src/scenario/scenario.ts'
import type { Outcome } from '../../../src/verdict/verdict.ts'

/** Hand-made runs of the brownout scenario: 10 requests a second for 3 phases of 10 s, small enough to check by hand. */

const TOKEN = 'Bearer s3cr3t-t0ken'

/** Only the parts that reports read: what the schema makes of a file is tested with the schema. */
export function scenario(changes: object = {}): Scenario {
  const parts = {
    name: 'retries stay inside their budget during a brownout',
    file: 'scenarios/brownout.yaml',
    upstreams: { inventory: { respond: { status: 200, headers: {} } } },
    envoy: { clusters: {} },
    load: { requests: [{ GET: '/items/42', headers: { authorization: TOKEN } }] },
    phases: [],
    expect: [],
  }
  return { ...parts, ...changes } as unknown as Scenario
}

const server = (replica: number) => ({
  cluster: 'inventory',
  replica,
  port: 0,
  latency: { kind: 'fixed' as const, ms: 20 },
  respond: { status: 200, headers: {}, body: '' },
  seed: 1,
})

export const plan: Plan = {
  seed: 7,
  stubs: { host: '127.0.0.1', servers: [server(1), server(2)] },
  containers: [],
  app: undefined,
  policy: { hedgedRoutes: [], budgetedClusters: [], connectTimeouts: {}, routedBy: [] },
  phases: [
    { name: 'baseline', from: 0, to: 10_000, faults: [] },
    { name: 'brownout', from: 10_000, to: 20_000, faults: [0] },
    { name: 'recovery', from: 20_000, to: 30_000, faults: [] },
  ],
  requests: [
    {
      name: 'GET /items/42',
      method: 'GET',
      path: '/items/42',
      headers: { authorization: TOKEN },
      body: undefined,
      uploadMs: 0,
      successStatus: undefined,
    },
  ],
  load: {
    kind: 'open',
    due: Float64Array.from({ length: 300 }, (_, i) => i * 100),
    request: new Uint16Array(300),
    deadline: 1000,
    target: undefined,
  },
  faults: [
    {
      id: 'brownout-1',
      phase: 1,
      cluster: 'inventory',
      replicas: [1, 2],
      at: 'upstream',
      action: { kind: 'delay', value: 400 },
      percent: 10,
      when: [],
      attempts: null,
      chosen: null,
      place: 0,
      ofAll: null,
    },
  ],
}

const predicted = (name: string, success: number, attempts: number, slowest: number): PhasePrediction => ({
  name,
  rate: 10,
  kinds: [
    {
      request: 'GET /items/42',
      cluster: 'inventory',
      share: 1,
      routed: 1,
      success: { low: success, high: success },
      attempts: { low: attempts, high: attempts },
      slowest: { ms: slowest, by: 'answer' },
      statuses: [],
      why: [],
    },
  ],
  clusters: [],
})

export const prediction: Prediction = {
  phases: [predicted('baseline', 1, 1, 20), predicted('brownout', 0.97, 1.02, 1000), predicted('recovery', 1, 1, 20)],
  none: null,
}

export const egress = (start: number, changes: Partial<Egress> = {}): Egress => ({
  cluster: 'inventory',
  route: 'route-1',
  start,
  durationMs: 22,
  status: 200,
  flags: [],
  details: 'via_upstream',
  rejectedBy: null,
  cutBy: null,
  retrySuppressedBy: null,
  ...changes,
})

export const attempt = (n: number, start: number, changes: Partial<Attempt> = {}): Attempt => ({
  n,
  start,
  durationMs: 21,
  poolMs: 0,
  status: 200,
  flags: [],
  replica: 1,
  cutBy: null,
  outrun: false,
  hop: { start, durationMs: 21, status: 200, flags: [], faults: [] },
  stub: { arrived: start, started: start, due: start + 20, answered: start + 20.4, status: 200, busy: 1, queued: 0 },
  ...changes,
})

/** A record's own parts, and those of its only call; `egress: null` for none. */
export type Parts = Partial<RequestRecord> & Partial<Omit<Call, 'egress'>> & { egress?: Egress | null }

/** Request i of the plan, served at the first try unless `changes` says otherwise. */
export function record(i: number, changes: Parts = {}): RequestRecord {
  const due = i * 100
  const { egress: line = egress(due + 0.5), attempts = [attempt(1, due + 1)], ingressFaults = [], ...own } = changes
  return {
    id: `r-${i}`,
    request: 0,
    phase: Math.floor(i / 100),
    due,
    sent: due + 0.2,
    end: due + 23.5,
    status: 200,
    headers: { fields: {} },
    body: { text: '', bytes: 0, whole: true },
    error: null,
    success: true,
    edge: false,
    stray: false,
    joined: line !== null,
    calls: line === null ? [] : [{ egress: line, attempts, ingressFaults }],
    ...own,
  }
}

/** A try that met the delay and was cut before the stub could see it. */
export const cutTry = (n: number, start: number, replica: number): Attempt =>
  attempt(n, start, {
    durationMs: 300,
    status: 0,
    flags: ['UT'],
    replica,
    cutBy: 'per_try',
    stub: null,
    hop: { start, durationMs: 300, status: 0, flags: ['DI'], faults: ['brownout-1'] },
  })

/** Request 112: three tries, each met the delay. */
export const exhausted = record(112, {
  end: 12_162,
  status: 504,
  success: false,
  egress: egress(11_200.5, { durationMs: 961, status: 504, flags: ['URX', 'UT'], details: 'upstream_per_try_timeout' }),
  attempts: [cutTry(1, 11_201, 2), cutTry(2, 11_519, 1), cutTry(3, 11_861, 2)],
})

/** Request 131: its retry found the breaker full. */
export const refused = record(131, {
  sent: 13_112,
  end: 13_440,
  status: 503,
  success: false,
  egress: egress(13_113, {
    durationMs: 326,
    status: 503,
    flags: ['UO'],
    details: 'upstream_reset_before_response_started{overflow}',
    rejectedBy: 'max_pending_requests',
  }),
  attempts: [cutTry(1, 13_113, 1)],
})

/** Request 140: served, after a wait in the stub's queue that took it past its deadline. */
export const late = record(140, {
  end: 15_130,
  success: false,
  egress: egress(14_000.5, { durationMs: 1129 }),
  attempts: [
    attempt(1, 14_001, {
      durationMs: 1128,
      stub: { arrived: 14_001, started: 15_108, due: 15_128, answered: 15_128.5, status: 200, busy: 4, queued: 31 },
    }),
  ],
})

export const records = Array.from({ length: 300 }, (_, i) => [exhausted, refused, late].find(({ id }) => id === `r-${i}`) ?? record(i))

const phase = (name: string, from: number): PhaseObservation => ({
  name,
  from,
  to: from + 10_000,
  complete: true,
  applied: from + (name === 'brownout' ? 1.2 : 0),
  lateness: { p99: 0.8, max: 1.9 },
  envoyLag: { p99: 0.8, max: 2.5 },
  stubLag: { p99: 0.5, max: 1.1 },
  stalls: [],
  ejections: { inventory: 0 },
  connectionOverflows: { inventory: 0 },
})

/** As Envoy counted them; of the hop of replica 1, with what the fault did there. */
export const counters: Counter[] = [
  { name: 'cluster.inventory.upstream_rq_total', total: 304, phases: [100, 104, 100] },
  { name: 'cluster.inventory.upstream_rq_retry', total: 3, phases: [0, 3, 0] },
  { name: 'cluster.inventory.upstream_rq_pending_overflow', total: 1, phases: [0, 1, 0] },
  { name: 'cluster.inventory.upstream_cx_total', total: 2, phases: [2, 0, 0] },
  { name: 'cluster.stub/inventory/1.upstream_rq_total', total: 150, phases: [50, 50, 50] },
  { name: 'http.hop_inventory_1.fault.delays_injected', total: 11, phases: [0, 11, 0] },
]

export const evidence = (changes: Partial<FaultEvidence> = {}): FaultEvidence => ({
  id: 'brownout-1',
  phase: 1,
  matched: 104,
  met: 11,
  counted: 11,
  inferred: 11,
  doubt: null,
  ...changes,
})

export const outcome = (
  phaseName: string | null,
  metric: string,
  asked: string,
  seen: string | null,
  changes: Partial<Outcome> = {},
): Outcome => ({
  expectation: 0,
  title: `${phaseName ?? 'all phases'} · ${metric}`,
  phase: phaseName,
  metric,
  asked,
  seen,
  value: null,
  interval: null,
  samples: 100,
  status: 'pass',
  why: null,
  examples: [],
  at: { line: 31, col: 5 },
  ...changes,
})

const interval = (low: number, high: number, text: string) => ({ low, high, text })

export const passing: Outcome[] = [
  outcome('baseline', 'success_rate', '>= 96%', '100%', { value: 1, interval: interval(0.963, 1, '96.3% .. 100%') }),
  outcome('baseline', 'p99', '<= 150ms', '24ms', { value: 23.5, interval: interval(23.5, 23.5, '24ms .. 24ms') }),
  outcome('brownout', 'retry_amplification', '<= 1.2', '1.02', { value: 1.02, at: { line: 32, col: 5 }, expectation: 1 }),
  outcome('brownout', 'breaker_rejections', '0', '0', { value: 0, at: { line: 32, col: 5 }, expectation: 1 }),
  outcome('recovery', 'recovers_within', '1s', '0ms', {
    value: 0,
    samples: 20,
    title: 'the shop is well again',
    at: { line: 34, col: 5 },
    expectation: 2,
  }),
]

export const failing: Outcome[] = [
  ...passing.slice(0, 2),
  outcome('brownout', 'success_rate', '>= 99%', '97%', {
    value: 0.97,
    interval: interval(0.915, 0.9898, '91.5% .. 98.9%'),
    status: 'fail',
    expectation: 1,
    at: { line: 32, col: 5 },
    why: '97 of 100 requests were successes; even the upper end of the interval, 98.9%, is below 99%',
    examples: ['r-112', 'r-131', 'r-140'],
  }),
  outcome('brownout', 'breaker_rejections', '0', '1', {
    value: 1,
    status: 'fail',
    expectation: 1,
    at: { line: 32, col: 25 },
    why: '1 request was refused by max_pending_requests, 0 were expected',
    examples: ['r-131'],
  }),
  ...passing.slice(2, 3),
  outcome('recovery', 'fault_share', '>= 5%', null, {
    samples: 0,
    status: 'inconclusive',
    expectation: 2,
    at: { line: 34, col: 5 },
    why: 'no request matched the condition of a fault, so there is nothing to judge',
  }),
]

export function run(changes: Partial<FinishedRun> = {}): FinishedRun {
  return {
    id: '2026-11-23T10-00-00-brownout',
    chaosVersion: '0.1.0',
    scenario: scenario(),
    plan,
    prediction,
    observations: {
      records,
      foreignCalls: 0,
      ejections: [],
      counters,
      phases: [phase('baseline', 0), phase('brownout', 10_000), phase('recovery', 20_000)],
      faults: [evidence()],
      unsound: [],
      notes: [],
    },
    verdict: { status: 'pass', outcomes: passing },
    happened: [],
    ended: null,
    startedAt: '2026-11-23T10:00:00.000Z',
    loadFrom: Date.parse('2026-11-23T10:00:01.000Z'),
    durationMs: 31_840,
    loadMs: 29_923,
    runtime: 'process',
    envoy: { path: '/usr/bin/envoy', version: '1.40.0', source: 'PATH' },
    warnings: [],
    command: ['chaos', 'run', 'scenarios/brownout.yaml', '--seed', '7'],
    directory: 'chaos-results/2026-11-23T10-00-00-brownout',
    ...changes,
  }
}

export const failed = (changes: Partial<FinishedRun> = {}) => run({ verdict: { status: 'fail', outcomes: failing }, ...changes })

/** As seen when the run was interrupted in the middle of its second phase. */
const cutShort: Observations = {
  foreignCalls: 0,
  ejections: [],
  counters: [],
  records: records.slice(0, 150),
  phases: [phase('baseline', 0), { ...phase('brownout', 10_000), to: 15_000, complete: false }],
  faults: [evidence({ matched: 54, met: 7, counted: 7, inferred: 7 })],
  unsound: [],
  notes: [],
}

export const interrupted = (changes: Partial<FinishedRun> = {}) =>
  run({
    observations: cutShort,
    verdict: { status: 'error', outcomes: [passing[0] as Outcome] },
    ended: { by: 'interrupt', signal: 'SIGINT' },
    ...changes,
  })

/** Envoy did not start: nothing was observed. */
export const neverStarted = () =>
  run({
    observations: null,
    loadMs: 0,
    durationMs: 1203,
    envoy: null,
    verdict: { status: 'error', outcomes: [] },
    ended: {
      by: 'environment',
      message: 'envoy was not ready after 10000 ms',
      hint: 'see chaos doctor',
      detail: ['[critical] error initializing configuration: Unknown field per_try_timout'],
    },
  })
