import { z } from 'zod'
import { duration, uint32 } from '../value/scalar.ts'
import { show } from '../value/show.ts'

/** The policy of a cluster, in the words of Envoy (`config.cluster.v3.Cluster`). */

const limit = (text: string) => uint32.optional().describe(text)
/** That 0 lets nothing pass is told in check-policy.ts, with its reason. */
const limitFrom1 = (text: string) => uint32.meta({ minimum: 1 }).optional().describe(text)
const percentage = (text: string) =>
  uint32
    .refine((value) => value <= 100, { error: (issue) => `expected a percentage from 0 to 100, got ${show(issue.input)}` })
    .meta({ maximum: 100 })
    .optional()
    .describe(text)

/** Envoy's `type.v3.Percent`, which it spells with a key of its own. */
const percentMessage = z.strictObject({
  value: z
    .number({ error: (issue) => `expected a percentage from 0 to 100, got ${show(issue.input)}` })
    .refine((value) => value >= 0 && value <= 100, { error: (issue) => `expected a percentage from 0 to 100, got ${show(issue.input)}` })
    .meta({ minimum: 0, maximum: 100 })
    .describe('From 0 to 100.'),
})

const retryBudget = z
  .strictObject({
    budget_percent: percentMessage
      .meta({ title: '{ value }' })
      .optional()
      .describe('Retries at once, in percent of the requests that are in flight or wait. Default { value: 20 }.'),
    min_retry_concurrency: limit('So many retries at once are let through whatever the budget says. Default 3.'),
  })
  .describe('Retries as a share of the work at hand, in place of max_retries.')

const circuitBreakers = z
  .strictObject({
    max_connections: limit('Connections at once. It queues, it does not refuse. Default 1024.'),
    max_pending_requests: limitFrom1(
      'Requests that wait for a connection; more are refused (503, overflow). At least 1, since the first request waits too. Default 1024.',
    ),
    max_requests: limitFrom1('Requests in flight; more are refused (503, overflow). At least 1. Default 1024.'),
    max_retries: limit('Retries at once, the back-off included; more are suppressed. Default 3.'),
    retry_budget: retryBudget.optional(),
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

export const cluster = z.strictObject({
  connect_timeout: duration.optional().describe('To open a TCP connection. It never sees the response. Default 5s.'),
  circuit_breakers: circuitBreakers.optional(),
  outlier_detection: outlierDetection.optional(),
  lb_policy: z
    .enum(['ROUND_ROBIN', 'LEAST_REQUEST', 'RANDOM'])
    .optional()
    .describe(
      'Which host a try goes to: each in turn, the one of two drawn at random that has fewer requests in flight, or any. Default ROUND_ROBIN.',
    ),
  load_balancing_weight: z
    .record(
      z.string().regex(/^([1-9]|1\d|20)$/, { error: (issue) => `expected the number of a replica, from 1, got ${show(issue.input)}` }),
      uint32
        .refine((value) => value >= 1 && value <= 1_000_000, {
          error: (issue) => `expected a weight from 1 to 1000000, got ${show(issue.input)}`,
        })
        .meta({ minimum: 1, maximum: 1_000_000 }),
    )
    .meta({ title: 'map' })
    .optional()
    .describe('How many tries a replica is given for each one that another gets: { 1: 3 }. A replica that is left out weighs 1.'),
  common_lb_config: z
    .strictObject({
      healthy_panic_threshold: percentMessage
        .meta({ title: '{ value }' })
        .optional()
        .describe(
          'With fewer than so many percent of the hosts in, the ejected ones get tries too, as if none was out; { value: 0 }: never. Default { value: 50 }.',
        ),
    })
    .optional()
    .describe('What load balancing does when many hosts are out. An ejection reaches it at once (update_merge_window 0s).'),
})
