import type { FaultEvidence, Observations, PhaseObservation } from '../../../src/observe/observations.ts'
import type { Attempt, Call, Egress, RequestRecord } from '../../../src/observe/record.ts'
import type { Plan, PlannedApp, PlannedFault, PlannedLoad, PlannedRequest } from '../../../src/plan/plan.ts'
import { expectation } from '../../../src/scenario/expect-schema.ts'
import type { Scenario } from '../../../src/scenario/scenario.ts'
import type { Ms } from '../../../src/units.ts'
import { judge } from '../../../src/verdict/judge.ts'
import type { Outcome } from '../../../src/verdict/verdict.ts'

/** Hand-made evidence: records, phases and faults with sound defaults, of which a test changes what it is about. */

export function attempt(parts: Partial<Attempt> = {}): Attempt {
  return {
    n: 1,
    start: 0,
    durationMs: 10,
    poolMs: 0,
    status: 200,
    flags: [],
    replica: 1,
    cutBy: null,
    outrun: false,
    hop: hop(),
    stub: null,
    ...parts,
  }
}

export function hop(faults: string[] = [], flags: string[] = []): NonNullable<Attempt['hop']> {
  return { start: 0, durationMs: 10, status: 200, flags, faults }
}

export function egress(parts: Partial<Egress> = {}): Egress {
  return {
    cluster: 'inventory',
    route: 'route-1',
    start: 0,
    durationMs: 10,
    status: 200,
    flags: [],
    details: null,
    rejectedBy: null,
    cutBy: null,
    retrySuppressedBy: null,
    ...parts,
  }
}

/** A record's own parts, or in place of `calls` those of the only one; `egress: null` for none. */
export type Parts = Partial<RequestRecord> & Partial<Omit<Call, 'egress'>> & { egress?: Egress | null }

let next = 0

/** Equal answers share what is kept of them. */
const HEADERS = { fields: { 'content-type': 'application/json', date: null } }
const BODY = { text: '{"stock":3}', bytes: 11, whole: true }

/** A success of 20 ms in the first phase, answered at the first try. */
export function good({ egress: line = egress(), attempts = [attempt()], ingressFaults = [], ...parts }: Parts = {}): RequestRecord {
  const due = parts.due ?? 0
  // Nothing stands between them: what Envoy answered is what the client got.
  const answered = line && { ...line, status: parts.status === undefined ? 200 : (parts.status ?? 0) }
  return {
    id: `r${next++}`,
    request: 0,
    phase: 0,
    due,
    sent: due,
    end: due + 20,
    status: 200,
    headers: HEADERS,
    body: BODY,
    error: null,
    success: true,
    edge: false,
    stray: false,
    joined: answered !== null,
    calls: answered === null ? [] : [{ egress: answered, attempts, ingressFaults }],
    ...parts,
  }
}

/** A 503 from the upstream. */
export function bad(parts: Parts = {}): RequestRecord {
  return good({ status: 503, success: false, egress: egress({ status: 503 }), attempts: [attempt({ status: 503 })], ...parts })
}

/** `count` records, due evenly from `from` to `to` (ms). */
export function many(count: number, make: (parts: Parts) => RequestRecord, parts: Parts = {}, [from, to] = [0, 1000]): RequestRecord[] {
  return Array.from({ length: count }, (_, index) => make({ due: from + ((to - from) * index) / count, ...parts }))
}

export interface World {
  expect: object[]
  records?: RequestRecord[]
  /** Left out: one phase `p` of 1 s. Phases of 1 s follow one another. */
  phases?: { name: string; ms?: number; faults?: number[]; seen?: Partial<PhaseObservation> }[]
  faults?: Partial<PlannedFault>[]
  evidence?: Partial<FaultEvidence>[]
  requests?: Partial<PlannedRequest>[]
  unsound?: string[]
  /** Dues and kinds of the planned load, or a closed loop. Left out: an open loop of the records. */
  load?: { due: number[]; request?: number[] } | 'closed'
  envoy?: object
  /** An app stands between the load and Envoy. */
  app?: boolean
  /** Headers that routes look for. */
  routedBy?: string[]
}

const APP: PlannedApp = {
  container: undefined,
  command: ['node', './shop.mjs'],
  env: {},
  port: undefined,
  runWithin: undefined,
  ready: { by: 'port' },
  readyWithin: 10_000 as Ms,
  idHeader: undefined,
}

export function world(parts: World): { scenario: Scenario; plan: Plan; observations: Observations } {
  const records = parts.records ?? []
  let at = 0
  const phases = (parts.phases ?? [{ name: 'p' }]).map(({ name, ms = 1000, faults = [], seen }) => {
    const from = at
    at += ms
    return { name, from, to: at, faults, seen }
  })
  const faults = (parts.faults ?? []).map(
    (fault, index): PlannedFault => ({
      id: `f${index}`,
      phase: phases.findIndex((phase) => phase.faults.includes(index)),
      cluster: 'inventory',
      replicas: [1],
      at: 'upstream',
      action: { kind: 'abort', value: 503 },
      percent: 100,
      when: [],
      attempts: null,
      chosen: null,
      place: 0,
      ofAll: null,
      ...fault,
    }),
  )
  const plan: Plan = {
    seed: 1,
    stubs: { host: '127.0.0.1', servers: [] },
    containers: [],
    app: parts.app ? APP : undefined,
    policy: { hedgedRoutes: [], budgetedClusters: [], connectTimeouts: {}, routedBy: parts.routedBy ?? [] },
    phases: phases.map(({ seen: _, ...phase }) => phase),
    requests: (parts.requests ?? [{}]).map((each) => ({
      name: 'GET /',
      method: 'GET',
      path: '/',
      headers: {},
      body: undefined,
      uploadMs: 0,
      successStatus: undefined,
      ...each,
    })),
    load: loadOf(parts.load, records),
    faults,
  }
  const observations: Observations = {
    records,
    foreignCalls: 0,
    ejections: [],
    counters: [],
    phases: phases.map(({ name, from, to, seen }) => ({
      name,
      from,
      to,
      complete: true,
      applied: from,
      lateness: { p99: 1, max: 2 },
      envoyLag: { p99: 1, max: 2 },
      stubLag: { p99: 1, max: 2 },
      stalls: [],
      ejections: { inventory: 0 },
      connectionOverflows: { inventory: 0 },
      ...seen,
    })),
    faults: faults.map((fault, index) => ({
      id: fault.id,
      phase: fault.phase,
      matched: 100,
      met: 100,
      counted: 100,
      inferred: 100,
      doubt: null,
      ...parts.evidence?.[index],
    })),
    unsound: parts.unsound ?? [],
    notes: [],
  }
  const scenario = {
    expect: parts.expect.map((each) => expectation.parse(each)),
    envoy: { clusters: {}, ...parts.envoy },
    locate: (path: readonly unknown[]) => ({ line: path.length, col: 1 }),
  } as unknown as Scenario
  return { scenario, plan, observations }
}

function loadOf(load: World['load'], records: readonly RequestRecord[]): PlannedLoad {
  const common = { deadline: 1000, target: undefined }
  if (load === 'closed') return { kind: 'closed', connections: 5, think: undefined, weights: [1], seed: 1, ...common }
  const due = load?.due ?? records.map((record) => record.due).sort((a, b) => a - b)
  return { kind: 'open', due: Float64Array.from(due), request: Uint16Array.from(load?.request ?? due.map(() => 0)), ...common }
}

/** The outcomes of a world, in order. */
export function outcomes(parts: World): readonly Outcome[] {
  const { scenario, plan, observations } = world(parts)
  return judge(scenario, plan, observations).outcomes
}

/** The only outcome of one claim on some records of one phase. */
export function outcome(claim: object, records: RequestRecord[], more: Partial<World> = {}): Outcome {
  const [only, ...others] = outcomes({ ...more, expect: [claim], records })
  if (only === undefined || others.length > 0) throw new Error(`expected one outcome, got ${others.length + 1}`)
  return only
}
