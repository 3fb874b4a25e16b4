import { z } from 'zod'
import { parseCondition } from '../value/condition.ts'
import { grpcNumber } from '../value/grpc-status.ts'
import { durationMeant } from '../value/meant.ts'
import { condition, duration, fail, grpcStatus, httpStatus, lackOf, reference, title, wholeNumber } from '../value/scalar.ts'
import { show } from '../value/show.ts'
import { bodyClaim, headerClaims } from './content-schema.ts'
import { given } from './given-schema.ts'
import { eachTimeout, endsRequest, nameOfTimeout } from './timeouts.ts'

/** What can be claimed. The terms are defined once, in `METRICS`, and the reference quotes them from there. */

const share = (text: string) => condition('share').optional().describe(text)
const latency = (text: string) => condition('latency').optional().describe(text)
const count = (text: string) => condition('count').optional().describe(text)
const factor = (text: string) => condition('factor').optional().describe(text)
const part = (text: string) => condition('count').optional().describe(text)

const partsOf = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z
    .strictObject(shape)
    .refine((value) => Object.keys(value).length > 0, { error: `expected at least one of ${Object.keys(shape).join(', ')}, got none` })

const countOrMap = (issue: { input?: unknown }) =>
  `expected a condition such as 0 or ">= 1", or a map of them by limit, got ${show(issue.input)}`

const LATENCY = 'from the due time to the end of the response, over all requests; one that was never answered counts as infinitely slow'

const STATUS_KEY = /^([1-5]xx|[1-5]\d\d)$/
const statusShares = z
  .record(z.string(), condition('share', ['>= 99%']))
  .refine((map) => Object.keys(map).length > 0, { error: 'expected at least one status, such as { 503: "<= 10%" }, got none' })
  .superRefine((map, context) => {
    for (const key of Object.keys(map))
      if (!STATUS_KEY.test(key))
        context.addIssue({
          code: 'custom',
          path: [key],
          params: { at: 'key' },
          message: `expected a status such as 503 or 5xx as the key, got ${show(key)}`,
        })
  })

const exitShares = z
  .record(
    z.string().regex(/^\d{1,3}$/, { error: (issue) => `expected an exit code such as 0 as the key, got ${show(issue.input)}` }),
    condition('share', ['>= 99%']),
  )
  .refine((map) => Object.keys(map).length > 0, { error: 'expected at least one exit code, such as { 0: ">= 95%" }, got none' })

const grpcShares = z
  .record(z.string(), condition('share', ['>= 99%']))
  .refine((map) => Object.keys(map).length > 0, {
    error: 'expected at least one status of gRPC, such as { UNAVAILABLE: "<= 10%" }, got none',
  })
  .superRefine((map, context) => {
    for (const key of Object.keys(map))
      if (grpcNumber(key) === undefined)
        context.addIssue({
          code: 'custom',
          path: [key],
          params: { at: 'key' },
          message: `expected a status of gRPC such as UNAVAILABLE or 14 as the key, got ${show(key)}`,
        })
  })

/** Metrics, each with its one definition. */
export const METRICS = {
  success_rate: share(
    'Share of requests with an expected status (200 to 399, or success_status; of gRPC calls 200 with grpc-status 0) within the deadline.',
  ),
  error_rate: share('1 - success_rate.'),
  goodput: condition('throughput')
    .optional()
    .describe('Successes per second, each counted when its answer was complete, over the time of the phase (without settle).'),
  status: z
    .union([httpStatus, statusShares], {
      error: (issue) => `expected a status such as 503, or a map such as { 503: "<= 10%" }, got ${show(issue.input)}`,
    })
    .meta({ title: 'status or map' })
    .optional()
    .describe('A status that every request must have (503), or shares by status ({ 503: "<= 10%", 2xx: ">= 90%" }).'),
  grpc_status: z
    .union([grpcStatus, grpcShares], {
      error: (issue) => `expected a status of gRPC such as OK, or a map such as { UNAVAILABLE: "<= 10%" }, got ${show(issue.input)}`,
    })
    .meta({ title: 'status of gRPC or map' })
    .optional()
    .describe(
      'Of gRPC calls: the status that every one must have, by name or number (OK), or shares by status ({ OK: ">= 90%", UNAVAILABLE: "<= 10%" }). An answer without grpc-status has the one that gRPC clients make of its HTTP status (200: UNKNOWN, 503: UNAVAILABLE).',
    ),
  exit_code: z
    .union([wholeNumber(0, 255), exitShares], {
      error: (issue) => `expected an exit code such as 0, or a map such as { 0: ">= 95%" }, got ${show(issue.input)}`,
    })
    .meta({ title: 'number or map' })
    .optional()
    .describe(
      'Of an app that is run to its end: the exit code that every run must have (0), or shares by exit code ({ 0: ">= 95%" }); 128 + n where signal n ended it.',
    ),
  output: bodyClaim
    .optional()
    .describe(
      'Of an app that is run to its end: what the output of every run is, holds or lacks (stdout and stderr); of each, the first 16 KiB are kept.',
    ),
  p50: latency(`Median latency: ${LATENCY}.`),
  p90: latency('90th percentile of latency.'),
  p95: latency('95th percentile of latency.'),
  p99: latency('99th percentile of latency.'),
  'p99.9': latency('99.9th percentile of latency; to bound it takes 3,688 requests.'),
  max: latency('The slowest request.'),
  latency: latency('Latency of each request: one that is slower or faster than this refutes it.'),
  headers: headerClaims
    .optional()
    .describe(
      'Headers of every answer, by name: the value ("no-store"), { contains: text }, { matches: expression }, { present: true } or { absent: true }. Several lines of one header are one value, joined with ", ".',
    ),
  body: bodyClaim.optional().describe('What the body of every answer is, holds or lacks; of each, the first 16 KiB are kept.'),
  attempts: condition('count', [3, '<= 3']).optional().describe('Attempts at the upstream, which must hold for every request.'),
  attempts_per_request: factor(
    'Attempts at the upstream ÷ client requests; without those that a fault at: ingress aborted, which never came to the router.',
  ),
  retry_amplification: factor(
    'Attempts at the upstream ÷ client requests that had any and that no breaker refused (refusals would hide retries).',
  ),
  retries: count('Attempts after the first of their request.'),
  retries_suppressed: count(
    'Retries that max_retries or retry_budget did not let through (upstream_rq_retry_overflow): the request ended with the answer it had.',
  ),
  timeouts: z
    .union(
      [
        condition('count'),
        partsOf(eachTimeout((by) => part(`${endsRequest(by) ? 'Requests' : 'Attempts'} ended by ${nameOfTimeout(by)}.`))),
      ],
      { error: countOrMap },
    )
    .meta({ title: 'count or map' })
    .optional()
    .describe(
      'How often a limit of time ended something: all together, or by limit. What ends a whole request is counted once, not again for the try that was in flight.',
    ),
  breaker_rejections: z
    .union(
      [
        condition('count'),
        partsOf({
          max_requests: part('Refused because so many requests were in flight.'),
          max_pending_requests: part('Refused because so many waited for a connection.'),
        }),
      ],
      { error: countOrMap },
    )
    .meta({ title: 'count or map' })
    .optional()
    .describe(
      'Requests that ended because a circuit breaker was full (RESPONSE_CODE_DETAILS has overflow): all together, or by limit. max_connections queues, it does not refuse.',
    ),
  spare_rejections: count(
    'Of breaker_rejections, those at a time when a worker of the upstream was free: not at work, and with no request on its way to it or answer on its way back. Needs workers. What depends on less than clocks tell is no pass and no fail.',
  ),
  ejections: count('Hosts taken out by outlier detection (ejections_enforced_total).'),
  fault_share: share('Requests that met a fault ÷ requests that matched its condition.'),
  recovers_within: z
    .union([z.string(), z.number()], { error: (issue) => `expected a duration such as 1s, got ${show(issue.input)}` })
    .meta({ title: 'duration', type: 'string', examples: ['1s', '<= 1s'], pattern: '^\\s*(<=?)?\\s*(\\d+(\\.\\d+)?(us|ms|s|m|h))+\\s*$' })
    .transform((input, context) => {
      const text = String(input).trim()
      const read = parseCondition(/^\d/.test(text) && !text.includes('..') ? `<= ${text}` : text, 'latency')
      if ('expected' in read || (read.op !== '<=' && read.op !== '<')) {
        const meant = durationMeant(text.replace(/^[<=≤\s]+/, ''))
        return fail(context, `expected a duration such as 1s, got ${show(input)}${lackOf(text, ['ms', 's'])}`, meant)
      }
      return { ...read, source: text }
    })
    .optional()
    .describe(
      'From the end of the fault (the start of this phase) to the first 500 ms window from which all later windows hold the success of the baseline, the first phase without faults.',
    ),
} as const

export type MetricName = keyof typeof METRICS
export const METRIC_NAMES = Object.keys(METRICS) as MetricName[]

export const expectation = z
  .strictObject({
    name: title.optional().describe('The claim in your own words, for reports.'),
    phase: reference.optional().describe('Requests that were due in this phase. Left out: all phases.'),
    cluster: reference.optional().describe('Only requests routed to this cluster.'),
    request: reference.optional().describe('Only the requests of this name in load.requests.'),
    settle: duration
      .optional()
      .describe(
        'Leave out requests that were due in the first or the last part of the phase, so long: with a settle above their usual duration, those in flight over an edge.',
      ),
    given: given.optional(),
    ...METRICS,
  })
  .refine((value) => METRIC_NAMES.some((metric) => value[metric] !== undefined), {
    error: `expected a claim: at least one of ${METRIC_NAMES.join(', ')}`,
  })
  .describe('A claim: which requests, and what holds for them.')

export type Expectation = z.output<typeof expectation>
