import { whatHappened } from '../../../src/happened/happened.ts'
import type { Sentence } from '../../../src/happened/sentence.ts'
import type { Observations } from '../../../src/observe/observations.ts'
import type { Attempt, Egress, RequestRecord } from '../../../src/observe/record.ts'
import { compilePlan } from '../../../src/plan/compile.ts'
import { parseScenario } from '../../../src/scenario/parse.ts'
import type { Status } from '../../../src/verdict/verdict.ts'
import { attempt, egress, outcome, record, run } from '../report/sample-run.ts'

/** Made-up runs: 10 requests a second for 3 phases of 10 s, of which the second has a fault; each test changes what it is about. */

export interface MadeUp {
  /** Keys of the upstream. */
  upstream?: string
  /** Below `envoy.clusters.inventory`. */
  cluster?: string
  /** Keys of the only route. */
  route?: string
  /** The only kind of request. */
  request?: string
  fault?: string
  /** What the claim asks, and what was seen instead. */
  claim?: { phase?: string; metric: string; asked: string; value: number | null; status?: Status }
  /** In place of the requests that were served at once. */
  records?: readonly RequestRecord[]
  observed?: Partial<Observations>
}

const BROWNOUT = 1

export function tell({
  upstream = '',
  cluster = '',
  route = '',
  request = 'GET: /items/42',
  fault,
  claim,
  records = [],
  observed,
}: MadeUp): Sentence[] {
  const { phase = 'brownout', metric = 'success_rate', asked = '>= 99%', value = 0.5, status = 'fail' } = claim ?? {}
  const [key, part] = metric.split('.')
  const scenario = parseScenario(
    `
name: made up
upstreams: { inventory: { latency: 20ms, ${upstream} } }
envoy:
  clusters: { inventory: { ${cluster} } }
  routes: [{ match: { prefix: / }, cluster: inventory, ${route} }]
load: { rate: 10/s, deadline: 1s, requests: [{ ${request} }] }
phases:
  - { name: baseline, for: 10s }
  - { name: brownout, for: 10s, faults: [{ cluster: inventory, ${fault ?? 'delay: 400ms, percent: 10'} }] }
  - { name: recovery, for: 10s }
expect:
  - { phase: ${phase}, ${key}: ${part === undefined ? `"${asked}"` : `{ ${part}: "${asked}" }`} }
`.replaceAll(/, +}/g, ' }'),
    'made-up.yaml',
    () => '',
  )
  const changed = new Map(records.map((each) => [each.id, each]))
  const all = Array.from({ length: 300 }, (_, i) => changed.get(`r-${i}`) ?? record(i))
  const { observations } = run()
  return whatHappened({
    scenario,
    plan: compilePlan(scenario),
    observations: { ...(observations as Observations), faults: [], records: all, ...observed },
    verdict: { status, outcomes: [outcome(phase, metric, asked, 'seen', { value, status })] },
  })
}

/** The settings that are blamed. */
export const settings = (made: MadeUp) => tell(made).flatMap(({ setting }) => setting ?? [])

/** So many requests of the brownout, from its first one on. */
export const several = (count: number, make: (i: number) => RequestRecord) =>
  Array.from({ length: count }, (_, i) => make(100 * BROWNOUT + i))

/** One that failed in time after these attempts. */
export function lost(i: number, attempts: readonly Attempt[], line: Partial<Egress> = {}, end = 100): RequestRecord {
  const due = i * 100
  return record(i, {
    status: 503,
    success: false,
    end: due + end,
    egress: egress(due + 0.5, { status: 503, durationMs: end - 1, ...line }),
    attempts,
  })
}

/** An attempt that was answered with an error at once. */
export const answered503 = (n: number, start: number, changes: Partial<Attempt> = {}) => attempt(n, start, { status: 503, ...changes })

/** An attempt that per_try_timeout cut. */
export const cut = (n: number, start: number, changes: Partial<Attempt> = {}) =>
  attempt(n, start, { status: 0, flags: ['UT'], cutBy: 'per_try', durationMs: 30, ...changes })

/** What the stub says of an attempt that stood in its line. */
export const inLine = (start: number, waited: number): Attempt['stub'] => ({
  ...{ arrived: start, started: start + waited, due: start + waited + 20, answered: null, status: 0 },
  ...{ busy: 4, queued: 9 },
})

export { attempt, egress, record }
