import { z } from 'zod'
import { duration, durationOrZero, headerMatch, name, reference, uint32 } from '../value/scalar.ts'
import { show } from '../value/show.ts'

/** The part of a scenario that is Envoy's own: its names, spelt its way, so that it can be copied to and from Envoy. */

const limit = (text: string) => uint32.optional().describe(text)
/** That 0 lets nothing pass is told in check-policy.ts, with its reason. */
const limitFrom1 = (text: string) => uint32.meta({ minimum: 1 }).optional().describe(text)
const percentage = (text: string) =>
  uint32
    .refine((value) => value <= 100, { error: (issue) => `expected a percentage from 0 to 100, got ${show(issue.input)}` })
    .meta({ maximum: 100 })
    .optional()
    .describe(text)

const circuitBreakers = z
  .strictObject({
    max_connections: limit('Connections at once. It queues, it does not refuse. Default 1024.'),
    max_pending_requests: limitFrom1(
      'Requests that wait for a connection; more are refused (503, overflow). At least 1, since the first request waits too. Default 1024.',
    ),
    max_requests: limitFrom1('Requests in flight; more are refused (503, overflow). At least 1. Default 1024.'),
    max_retries: limit('Retries at once, the back-off included; more are suppressed. Default 3.'),
    max_connection_pools: limit('Connection pools at once. Default: no limit.'),
  })
  .describe('Maxima, not switches: only the excess is refused. One set of thresholds, of priority DEFAULT.')

const outlierDetection = z
  .strictObject({
    consecutive_5xx: limit('5xx answers in a row that eject a host. Default 5.'),
    consecutive_gateway_failure: limit('502, 503 or 504 in a row that eject a host. Default 5.'),
    consecutive_local_origin_failure: limit(
      'Failures to connect, and timeouts, in a row that eject a host. Needs split_external_local_origin_errors. Default 5.',
    ),
    split_external_local_origin_errors: z.boolean().optional().describe('Count failures to connect apart from 5xx answers. Default false.'),
    interval: duration.optional().describe('Between two sweeps; a host returns at a sweep. Default 10s.'),
    base_ejection_time: duration.optional().describe('How long a host is out: this times the number of its ejections so far. Default 30s.'),
    max_ejection_time: duration.optional().describe('The longest that a host is out. Default 300s.'),
    max_ejection_percent: percentage(
      'Share of the hosts that may be out at once, in percent; with 10, one of three is already too many. Default 10.',
    ),
    always_eject_one_host: z.boolean().optional().describe('Eject one host whatever max_ejection_percent says.'),
    enforcing_consecutive_5xx: percentage('Of 100 detections by consecutive_5xx, how many eject. Default 100.'),
    enforcing_consecutive_gateway_failure: percentage('The same for consecutive_gateway_failure; 0: they are only counted. Default 0.'),
    enforcing_consecutive_local_origin_failure: percentage('The same for consecutive_local_origin_failure. Default 100.'),
    enforcing_success_rate: percentage('The same for hosts whose success rate is far below the others. Default 100.'),
    success_rate_minimum_hosts: limit('Hosts with enough requests that this needs. Default 5.'),
    success_rate_request_volume: limit('Requests in an interval that make a host count. Default 100.'),
    success_rate_stdev_factor: limit('How many standard deviations are far below, in thousandths. Default 1900.'),
    failure_percentage_threshold: percentage('Share of failures, in percent, that ejects a host. Default 85.'),
    enforcing_failure_percentage: percentage('Of 100 detections by failure_percentage_threshold, how many eject. Default 0.'),
    failure_percentage_minimum_hosts: limit('Hosts with enough requests that this needs. Default 5.'),
    failure_percentage_request_volume: limit('Requests in an interval that make a host count. Default 50.'),
  })
  .describe('Which hosts leave the load balancing for a while. Envoy: config.cluster.v3.OutlierDetection.')

const cluster = z.strictObject({
  connect_timeout: duration.optional().describe('To open a TCP connection. It never sees the response. Default 5s.'),
  circuit_breakers: circuitBreakers.optional(),
  outlier_detection: outlierDetection.optional(),
})

/** Those of Envoy's retry_on values that act on HTTP here. */
export const RETRY_ON = [
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'envoy-ratelimited',
  'retriable-4xx',
  'refused-stream',
] as const

const retryPolicy = z.strictObject({
  retry_on: z.array(z.enum(RETRY_ON)).min(1).describe('Which outcomes are tried again.'),
  num_retries: uint32
    .refine((value) => value <= 100, { error: (issue) => `expected at most 100 retries, got ${show(issue.input)}` })
    .meta({ maximum: 100 })
    .optional()
    .describe('Tries after the first. Default 1.'),
  per_try_timeout: durationOrZero
    .optional()
    .describe(
      'Limit of each try, its response included; it begins when there is a connection, so waiting for one does not count. Default: the route timeout.',
    ),
  retry_back_off: z
    .strictObject({
      base_interval: duration.describe('Doubled with each retry.'),
      max_interval: duration.optional().describe('The longest wait. Default: ten times base_interval.'),
    })
    .refine((value) => value.max_interval === undefined || value.max_interval >= value.base_interval, {
      path: ['max_interval'],
      error: 'expected max_interval to be at least base_interval',
    })
    .optional()
    .describe('The n-th wait is drawn from 0 to base_interval × 2^(n-1), capped. Default 25ms, at most ten times that.'),
})

/** Matches never see the query string, so a "?" in one could not match anything. */
const matchedPath = (what: string) =>
  z
    .string()
    .regex(/^\/[\u0021\u0022\u0024-\u003e\u0040-\u007e]{0,8000}$/, {
      error: (issue) =>
        `expected a ${what} that begins with "/" and holds no spaces, "?" or "#" (matches do not see the query), got ${show(issue.input)}`,
    })
    .meta({ title: 'path' })

const match = z
  .strictObject({
    prefix: matchedPath('prefix').optional().describe('Paths that begin so: /items takes /items/42 and /itemsets.'),
    path: matchedPath('path').optional().describe('This path only; the query string does not count.'),
    headers: headerMatch.optional().describe('Headers of exactly these values.'),
  })
  .superRefine((value, context) => {
    const given = [value.prefix, value.path].filter((part) => part !== undefined).length
    if (given !== 1) context.addIssue({ code: 'custom', message: `expected prefix or path, got ${given === 0 ? 'neither' : 'both'}` })
  })
  .describe('Which requests take this route.')

const route = z.strictObject({
  match,
  cluster: reference.describe('Where they go: the name of an upstream.'),
  timeout: durationOrZero
    .optional()
    .describe('From the whole request to the whole response, all tries together; 0s: no limit. Default 15s.'),
  retry_policy: retryPolicy.optional().describe('Which outcomes are tried again, and how. Left out: nothing is tried again.'),
})

export const envoy = z
  .strictObject({
    clusters: z
      .record(name, cluster)
      .default(() => ({}))
      .describe('Policy of each cluster, by the name of its upstream.'),
    routes: z
      .array(route)
      .min(1)
      .max(200)
      .optional()
      .describe('In order, the first match wins. Left out: everything goes to the only upstream.'),
  })
  .describe('The policy under test, in the words of Envoy.')
