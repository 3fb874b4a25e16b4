import { z } from 'zod'
import { duration, durationOrZero, headerMatch, headerName, httpStatus, uint32 } from '../value/scalar.ts'
import { show } from '../value/show.ts'

/** Which outcomes a route tries again, in the words of Envoy (`config.route.v3.RetryPolicy`). */

/** Those about an answer to a gRPC call, by its headers. They see no end of a connection, and no limit of time. */
export const RETRY_ON_GRPC = ['cancelled', 'deadline-exceeded', 'internal', 'resource-exhausted', 'unavailable'] as const

/** Those of Envoy's retry_on values that act on HTTP here. */
export const RETRY_ON = [
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'envoy-ratelimited',
  'retriable-4xx',
  'retriable-status-codes',
  'retriable-headers',
  'refused-stream',
  ...RETRY_ON_GRPC,
] as const

export const retryPolicy = z.strictObject({
  retry_on: z
    .array(z.enum(RETRY_ON))
    .min(1)
    .describe(
      'Which outcomes are tried again. Of a gRPC call, 5xx and gateway-error see what ended without an answer; an answer by which it failed is seen by cancelled, deadline-exceeded, internal, resource-exhausted and unavailable, and only where its grpc-status is in the headers, not behind a message.',
    ),
  num_retries: uint32
    .refine((value) => value <= 100, { error: (issue) => `expected at most 100 retries, got ${show(issue.input)}` })
    .meta({ maximum: 100 })
    .optional()
    .describe('Tries after the first. Default 1.'),
  retriable_status_codes: z
    .array(httpStatus)
    .min(1)
    .optional()
    .describe('Statuses that are tried again. Needs retriable-status-codes in retry_on.'),
  retriable_headers: headerMatch
    .optional()
    .describe('An answer with one of these headers, of exactly this value, is tried again. Needs retriable-headers in retry_on.'),
  per_try_timeout: durationOrZero
    .optional()
    .describe(
      'Limit of each try, its response included; it begins when there is a connection, so waiting for one does not count. Default: the route timeout.',
    ),
  per_try_idle_timeout: durationOrZero
    .optional()
    .describe(
      'The longest silence of each try, from when there is a connection: no byte either way; a try that was cut is tried again like one by per_try_timeout. 0s: no limit. Left out: no limit.',
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
  rate_limited_retry_back_off: z
    .strictObject({
      reset_headers: z
        .array(
          z.strictObject({
            name: headerName.describe('The header of the answer, such as retry-after.'),
            format: z
              .enum(['SECONDS', 'UNIX_TIMESTAMP'])
              .optional()
              .describe('SECONDS: how long to wait. UNIX_TIMESTAMP: until when. Default SECONDS.'),
          }),
        )
        .min(1)
        .describe('Where the answer says when to try again; the first that says so counts.'),
      max_interval: duration.optional().describe('A header that asks for more is passed over. Default 300s.'),
    })
    .optional()
    .describe(
      'The wait is what the answer asks for, and up to half of that more, in place of retry_back_off. Left out: answers are not asked.',
    ),
  retry_host_predicate: z
    .array(z.enum(['previous_hosts']))
    .min(1)
    .max(1)
    .optional()
    .describe('previous_hosts: a retry keeps away from the hosts that were tried. Left out: a retry may take any host.'),
  host_selection_retry_max_attempts: uint32
    .optional()
    .describe('How often a host is drawn anew for retry_host_predicate; then the last one drawn is taken. Default 1.'),
})
