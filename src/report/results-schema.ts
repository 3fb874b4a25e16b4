import { z } from 'zod'
import { eachTimeout, endsRequest } from '../scenario/timeouts.ts'

/**
 * The only definition of results.json: the type is inferred, and schema/results.schema.json is generated
 * (test/unit/report/results-schema.test.ts). Names follow the scenario's and Envoy's spelling. JSON has no infinity:
 * such values are null, and a neighbour says so.
 */

const count = z.number().int().min(0)
const ms = z.number()
const position = z.strictObject({ line: z.number().int(), col: z.number().int() }).describe('In the scenario, counted from 1.')
const counts = z.record(z.string(), count)
const tail = z.strictObject({ p99_ms: ms.nullable(), max_ms: ms.nullable() })

const peak = z.strictObject({
  limit: count.describe('In force: of the scenario, or the default of Envoy.'),
  is_default: z.boolean(),
  at_least: count,
  at_most: count.describe('Differs from at_least where whole milliseconds in the logs of Envoy leave it open.'),
})

const refusingPeak = peak.extend({
  refused: count.describe('Of the requests of this phase; of max_retries: suppressed retries.'),
  first_refusal: z
    .strictObject({
      after_ms: ms.describe('After the start of the phase.'),
      offered_per_second: z.number().nullable().describe('The rate of the load then, without bursts; null in a closed loop.'),
    })
    .nullable()
    .describe('null: nothing was refused.'),
})

const status = z.enum(['pass', 'fail', 'inconclusive'])
const ending = z
  .enum(['pass', 'fail', 'inconclusive', 'error', 'interrupted'])
  .describe(
    'How the run ended. Exit code: pass 0, fail 1, error 3, inconclusive 4, interrupted 130 (SIGINT), 143 (SIGTERM) or 129 (SIGHUP).',
  )

const range = z
  .strictObject({ low: z.number(), high: z.number() })
  .nullable()
  .describe('One value, or what it lies between; null: not predicted.')

const predicted = z
  .strictObject({
    success_rate: range,
    attempts_per_request: range,
    slowest_ms: ms.nullable().describe('The worst case of a request; null: nothing but the patience of the client ends it.'),
    open: z.array(z.string()).describe('Why something is not predicted, or not to a point.'),
    differs: z.array(z.string()).describe('Where what was seen differs by more than chance explains. It decides nothing.'),
  })
  .nullable()
  .describe('What followed from the scenario by arithmetic, before the run. null: nothing did.')

const outcome = z
  .strictObject({
    expectation: count.describe('Index into expect of the scenario.'),
    title: z.string(),
    phase: z.string().nullable().describe('null: all phases.'),
    metric: z.string(),
    asked: z.string(),
    seen: z.string().nullable().describe('Ready to print; null when there was no data.'),
    value: z
      .number()
      .nullable()
      .describe('What was seen, as a share from 0 to 1, ms or a count; null when there was no data, no single value, or it was infinite.'),
    infinite: z
      .boolean()
      .describe('There was data, and value is infinitely large, such as a latency of requests that were never answered.'),
    interval: z
      .strictObject({ low: z.number().nullable(), high: z.number().nullable().describe('null: infinite.'), text: z.string() })
      .nullable()
      .describe('Confidence interval of value, where that is an estimate.'),
    samples: count.describe('Requests (or windows) it rests on.'),
    status,
    why: z.string().nullable().describe('null for a pass.'),
    examples: z.array(z.string()).describe('Ids of requests that show it; they stand in requests.ndjson.'),
    at: position,
  })
  .describe('One metric of one expectation.')

const phase = z
  .strictObject({
    name: z.string(),
    from_ms: ms.describe('After the start of the load, as it really was.'),
    to_ms: ms,
    complete: z.boolean().describe('false: the run ended in this phase.'),
    faults_applied_ms: ms.describe('When the faults of the phase were confirmed in force.'),
    offered_per_second: z
      .number()
      .nullable()
      .describe('Planned requests over the planned length; null in a closed loop, which plans none.'),
    requests: count.describe('Due in this phase and sent; where an app is run to its end, its runs.'),
    edge: count.describe('Of these, in flight over the end of the phase.'),
    successes: count,
    statuses: counts.describe(
      'Requests by status, gRPC calls by the name of theirs; none: without an answer. Empty where an app is run to its end.',
    ),
    exit_codes: counts
      .nullable()
      .describe('Where an app is run to its end: its runs by exit code; none: without one. null: there are no runs.'),
    latency_ms: z
      .strictObject({ p50: ms.nullable(), p90: ms.nullable(), p99: ms.nullable(), max: ms.nullable() })
      .nullable()
      .describe(
        'From the due time to the end of the answer; a request without one is infinitely slow (null). null as a whole: no requests.',
      ),
    unanswered: count.describe('Without a whole answer.'),
    unjoined: count.describe(
      'Requests of which not all calls to Envoy are known: attempts, retries, timeouts and rejections count what is known, and may be more.',
    ),
    attempts: count,
    retries: count,
    retries_suppressed: count.describe('By max_retries or retry_budget.'),
    timeouts: z.strictObject(eachTimeout((by) => count.describe(endsRequest(by) ? 'Requests.' : 'Attempts.'))),
    breaker_rejections: z.strictObject({ max_requests: count, max_pending_requests: count }),
    spare_rejections: z
      .record(
        z.string(),
        z.strictObject({ at_least: count, at_most: count.describe('Differs from at_least where the clocks leave it open.') }),
      )
      .describe('Of the rejections, those while workers of the upstream were free; by cluster, of those with a limit of workers.'),
    breakers: z
      .record(
        z.string(),
        z.strictObject({
          max_connections: peak.describe('Busy at once; it refuses nothing: the others wait.'),
          max_pending_requests: refusingPeak.describe('Waiting for a connection at once.'),
          max_requests: refusingPeak.describe('In flight at once.'),
          max_retries: refusingPeak.nullable().describe('Retries at once, back-offs included. null: a retry_budget is in its place.'),
          retry_budget: refusingPeak
            .omit({ limit: true, is_default: true })
            .nullable()
            .describe('The same of a budget, which moves with the load. null: there is none.'),
        }),
      )
      .describe('How full the circuit breakers of each cluster were at most, rebuilt from when its attempts began and ended.'),
    ejections: counts.describe('By cluster.'),
    lateness: tail.describe('How late the load generator sent.'),
    envoy_lag: tail.describe('How long Envoy took to take up requests and attempts.'),
    stub_lag: tail.describe('How late the stubs answered after their own due time.'),
    predicted,
  })
  .describe('A phase as it was observed.')

const fault = z
  .strictObject({
    id: z.string(),
    phase: z.string(),
    cluster: z.string(),
    at: z.enum(['upstream', 'ingress']),
    replicas: z.array(count),
    kind: z.string(),
    description: z.string(),
    asked_percent: z
      .number()
      .describe('Of what matched; of several statuses of one abort, a later one is asked of what those before it left.'),
    ramp: z
      .strictObject({
        from: z.number(),
        to: z.number(),
        expected: z.number().nullable().describe('The mean share in force at the times of those that matched.'),
      })
      .nullable()
      .describe(
        'In percent, from the beginning to the end of the phase; null where the percentage stays. Its steps are in logs/phases.ndjson.',
      ),
    matched: count.describe('Attempts (upstream) or requests (ingress) that matched its condition.'),
    met: count.describe('Of these, by the access log of the listener that made it.'),
    chosen: z
      .strictObject({ asked: z.string(), requests: count, met: count.describe('Of these requests.') })
      .nullable()
      .describe('Requests that were chosen for it before the run; null where Envoy drew.'),
    share: z.number().nullable().describe('met / matched; null when nothing matched.'),
    accepted: z
      .strictObject({ low: z.number(), high: z.number() })
      .nullable()
      .describe(
        'Shares that a draw of the asked chance makes in 999 of 1,000 runs; null when nothing matched, and at 100 %, where each must meet it.',
      ),
    counted: z
      .number()
      .describe(
        "By Envoy's counter, shared by the faults of one kind at one listener; of refuse, unreachable and down, its counter of connections that failed.",
      ),
    inferred: z.number().describe('By what others saw.'),
    doubt: z.string().nullable().describe('Why the evidence does not bear the asked share; null when it does.'),
  })
  .describe('How often a fault happened, from sources that do not know of each other.')

const happened = z
  .strictObject({
    phase: z.string().nullable().describe('null: several phases.'),
    from_ms: ms.describe('After the start of the load; so is to_ms.'),
    to_ms: ms,
    text: z.string(),
    setting: z
      .string()
      .nullable()
      .describe(
        'The place of the setting that is to blame for claims that failed, such as envoy.routes[0].timeout; null where none is blamed.',
      ),
  })
  .describe('A sentence of what the evidence shows.')

export const resultsSchema = z
  .strictObject({
    version: z.literal(1),
    id: z.string(),
    scenario: z.strictObject({ name: z.string(), file: z.string() }),
    status: ending,
    verdict: z.strictObject({
      status: z.enum(['pass', 'fail', 'inconclusive', 'error']),
      passed: count,
      failed: count,
      inconclusive: count,
    }),
    ended: z
      .discriminatedUnion('by', [
        z.strictObject({ by: z.literal('interrupt'), signal: z.enum(['SIGINT', 'SIGTERM', 'SIGHUP']) }),
        z.strictObject({ by: z.literal('environment'), message: z.string(), hint: z.string().nullable(), detail: z.array(z.string()) }),
      ])
      .nullable()
      .describe('What ended the run early; null for a run that went its whole way.'),
    outcomes: z.array(outcome),
    phases: z.array(phase).describe('Empty when the run ended before anything was observed.'),
    faults: z.array(fault),
    what_happened: z
      .array(happened)
      .describe('What went on and which settings are to blame, the most important first; empty without sound evidence.'),
    unsound: z.array(z.string()).describe('What makes the evidence as a whole unsound.'),
    warnings: z.array(z.string()),
    seed: count,
    command: z.array(z.string()).describe('The argv that repeats the run.'),
    chaos_version: z.string(),
    runtime: z.enum(['process', 'docker']),
    envoy: z.strictObject({ path: z.string(), version: z.string().nullable(), source: z.string() }).nullable(),
    started_at: z.iso.datetime().describe('UTC.'),
    duration_ms: ms.describe('From the start until the evidence was complete; Envoy and the stubs may have taken a little longer to end.'),
    load_ms: ms.describe('From the first due time to the last answer.'),
  })
  .describe('The results of one run of a chaos scenario.')

export type Results = z.output<typeof resultsSchema>

/** The JSON Schema for whoever reads results.json: draft-07, which most tools know. */
export function resultsJsonSchema(): unknown {
  return z.toJSONSchema(resultsSchema, {
    target: 'draft-7',
    override: ({ jsonSchema }) => {
      // The bounds of safe integers say something about JavaScript, nothing about the results.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
    },
  })
}
